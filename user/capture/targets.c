// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capability.h"
#include "describing_frames.h"
#include "pid_ns.h"
#include "rest.h"
#include "targets.h"
#include "util.h"

/* @here: as the user has it. */
static int targets__add(struct targets *t, pid_t here)
{
	pid_t pid = pid_ns__kernel(here);
	int kernel = pid ? proc__is_kernel_thread(pid) : -ESRCH;
	long tgid = kernel < 0 ? kernel : proc__status(pid, "Tgid");
	char comm[16] = "?";
	int ret;

	if (tgid == -ESRCH) {
		err("there is no process %d", here);
		return -ESRCH;
	}
	if (tgid < 0) {
		err("cannot tell what process %d is: /proc/%d/%s: %s", here, here, kernel < 0 ? "stat" : "status",
		    strerror(-tgid));
		return -ESRCH;
	}
	proc__comm(pid, comm);
	if (kernel) {
		err("%d (%s) is a thread of the kernel: tare measures processes", here, comm);
		return -ESRCH;
	}
	if (tgid != here)
		warn("%d (%s) is a thread of process %ld: the whole process is measured", here, comm, tgid);
	tgid = pid_ns__kernel(tgid);
	ret = bpf__mark(t->bpf, tgid);
	if (ret == -ESRCH) {
		err("process %ld (%s) has just ended", tgid, comm);
		return -ESRCH;
	}
	if (ret) {
		err("cannot follow process %ld (%s): %s", tgid, comm, strerror(-ret));
		return -EIO;
	}
	runtimes__add(t->runtimes, tgid, t->opts->argv ? t->opts->argv[0] : NULL, t->opts->argv);
	return pids__add(&t->marked, tgid) < 0 ? -EIO : 0;
}

/* The processes whose program has the runtime asked for. Returns 0 or a negative errno. */
static int find_runtime(struct targets *t, struct pids *now)
{
	bool any = !strcmp(t->opts->runtime, RUNTIME_ANY);
	DIR *dir = opendir("/proc");
	struct dirent *d;
	int ret = 0;

	if (!dir)
		return -errno;
	while (ret >= 0 && (d = readdir(dir))) {
		pid_t here = atoi(d->d_name), pid;
		const struct runtime *rt = here > 0 && here != getpid() ? runtime_files__of(&t->files, here) : NULL;

		rest__take();
		if (!rt || (any ? !runtime__is_language(rt) : strcmp(rt->name, t->opts->runtime) != 0))
			continue;
		pid = pid_ns__kernel(here);
		ret = pid ? pids__add(now, pid) : 0;
	}
	closedir(dir);
	return ret < 0 ? ret : 0;
}

/* They need not be remembered: should their ids come back, they are others. @now: all that are there. */
static void forget_gone(struct targets *t, const struct pids *now)
{
	size_t left = 0;

	for (size_t i = 0; i < t->marked.nr; i++) {
		size_t k = 0;

		while (k < now->nr && now->pids[k] != t->marked.pids[i])
			k++;
		if (k < now->nr)
			t->marked.pids[left++] = t->marked.pids[i];
	}
	t->marked.nr = left;
}

int targets__find_new(struct targets *t)
{
	struct pids now = { 0 };
	int ret = 0, found = 0;

	if (t->opts->cgroup)
		ret = proc__find_cgroup(t->opts->cgroup, &now);
	else if (t->opts->comm)
		ret = proc__find_comm(t->opts->comm, &now);
	else if (t->opts->runtime)
		ret = find_runtime(t, &now);
	if (ret >= 0 && (t->opts->cgroup || t->opts->runtime))
		forget_gone(t, &now);
	for (size_t i = 0; i < now.nr; i++) {
		rest__take();
		if (pids__add(&t->marked, now.pids[i]) != 1 || bpf__mark(t->bpf, now.pids[i]))
			continue;
		runtimes__add(t->runtimes, now.pids[i], NULL, false);
		pids__add(&t->unseen, now.pids[i]);
		found++;
	}
	free(now.pids);
	return ret < 0 ? ret : found;
}

int targets__scan(struct targets *t)
{
	return t->opts->cgroup || t->opts->runtime ? targets__find_new(t) : 0;
}

/* A limit that nothing can cross would pass for one that was kept. */
static int check_pauses(const struct targets *t)
{
	if (!t->opts->wants_pauses || t->opts->follow || t->runtimes->told || t->opts->at_oom_kill)
		return 0;
	err("nothing tells of stop-the-world pauses in the target: --fail-over and --trigger TIME would never act; give --follow to "
	    "wait for a program or library that does");
	return -EPERM;
}

/* A target that is barred would yield only switches: less than was asked for. */
static int check_access(const struct targets *t)
{
	char comm[16] = "?", why[96];

	for (size_t i = 0; i < t->marked.nr; i++) {
		if (!capability__bars(t->marked.pids[i], why, sizeof(why)))
			continue;
		proc__comm(t->marked.pids[i], comm);
		err("process %d (%s): %s; run tare as root, or give it that as well: `man tare`, PRIVILEGES",
		    t->marked.pids[i], comm, why);
		return -EPERM;
	}
	return 0;
}

static int no_cgroup(const char *path, int error)
{
	err("%s is no cgroup: %s; give the folder that holds its cgroup.procs, or will hold it", path,
	    strerror(-error));
	return -ESRCH;
}

int targets__locate(struct targets *t)
{
	int ret = t->opts->cgroup ? cgroup__locate(t->opts->cgroup, &t->cgroup) : 0;

	return ret ? no_cgroup(t->opts->cgroup, ret) : 0;
}

int targets__find(struct targets *t, pid_t child)
{
	const struct session_opts *o = t->opts;
	struct pids found = { 0 };
	int ret = 0, n;

	if (o->cgroup) {
		n = targets__scan(t);
		if (n == -ENOENT && !t->cgroup.exists)
			warn("there is no %s yet: waiting for the first process in it", o->cgroup);
		else if (n < 0)
			return no_cgroup(o->cgroup, n);
		else if (!n)
			warn("there is no process in %s yet: waiting for the first one", o->cgroup);
		return check_access(t);
	}
	if (o->runtime) {
		if (!targets__scan(t))
			warn("there is no process of runtime %s yet: waiting for the first one", o->runtime);
		return check_access(t);
	}
	if (o->comm) {
		n = proc__find_comm(o->comm, &found);
		if (n <= 0)
			warn("there is no process named %s yet: waiting for the first one", o->comm);
		/* one of them may end meanwhile: the others are still worth recording */
		for (size_t i = 0; i < found.nr; i++) {
			rest__take();
			targets__add(t, pid_ns__here(found.pids[i]));
		}
		free(found.pids);
		return check_access(t);
	}
	if (child)
		return targets__add(t, child);
	for (size_t i = 0; i < o->pids.nr && !ret; i++)
		ret = targets__add(t, o->pids.pids[i]);
	return ret ?: check_access(t) ?: check_pauses(t);
}

static void describe_target(struct targets *t, struct writer *w)
{
	const struct session_opts *o = t->opts;
	const char *runtime = NULL, *version = "";
	char comm[16] = "", target[512], safe[64];
	pid_t first = t->marked.nr ? t->marked.pids[0] : 0;
	char *pids = NULL;
	size_t len;
	FILE *f = open_memstream(&pids, &len);

	if (!f)
		return;
	for (size_t i = 0; i < t->marked.nr; i++)
		fprintf(f, "%s%d", i ? "," : "", t->marked.pids[i]);
	fclose(f);
	runtime = runtimes__name(t->runtimes, first, &version);
	t->told = strcmp(runtime, runtime_native.name) != 0;
	if (first) {
		proc__comm(first, comm);
	}
	if (o->argv)
		snprintf(target, sizeof(target), "%s", o->argv[0]);
	else if (o->comm || o->cgroup || o->runtime)
		snprintf(target, sizeof(target), "%s %s, %zu process%s",
			 o->comm   ? "name" :
			 o->cgroup ? "cgroup" :
				     "runtime",
			 o->comm	   ?:
				 o->cgroup ?:
					     o->runtime,
			 t->marked.nr, t->marked.nr == 1 ? "" : "es");
	else
		snprintf(target, sizeof(target), "%s (pid %.400s)", sanitize(comm, sizeof(comm), safe, sizeof(safe)),
			 pids);

	const char *const pairs[][2] = {
		{ "mode", o->argv ? "run" : "record" },
		{ "target", target },
		{ "pids", pids },
		{ "comm", comm },
		{ "runtime", runtime },
		{ "runtime_version", version },
	};
	describing_frames__info(w, pairs, ARRAY_SIZE(pairs));
	free(pids);
}

/* A shell may be there only to start the real work: the report names the first runtime with more to tell. */
static void tell_runtime(struct targets *t, pid_t pid, struct writer *w)
{
	const char *version, *name = runtimes__name(t->runtimes, pid, &version);
	const char *const pairs[][2] = { { "runtime", name }, { "runtime_version", version } };

	if (t->told || !strcmp(name, runtime_native.name))
		return;
	t->told = true;
	describing_frames__info(w, pairs, ARRAY_SIZE(pairs));
}

/* What it did since then is unknown, unless it was held. */
static void tell_late(struct targets *t, uint64_t key, bool held, const char *since)
{
	const uint64_t *ts_ns = table__find(&t->since, key);

	if (ts_ns && !held)
		runtimes__tell_late(t->runtimes, *ts_ns, since);
	table__delete(&t->since, key);
}

/* A held process is released as soon as its program is attached to. */
static void see_execs(struct targets *t, struct pids *pids, bool same_task, struct writer *w)
{
	for (size_t i = 0; i < pids->nr; i++) {
		t->runtimes->fresh = NULL;
		hold__keep(&t->bpf->hold, pids->pids[i]);
		runtimes__exec(t->runtimes, pids->pids[i], same_task);
		tell_late(t, pids->pids[i], hold__end(&t->bpf->hold, pids->pids[i]), "its exec");
		tell_runtime(t, pids->pids[i], w);
		describing_frames__process(w, pids->pids[i]);
	}
	pids->nr = 0;
}

static void see_processes(struct targets *t, struct pids *pids, bool new_born, struct writer *w)
{
	for (size_t i = 0; i < pids->nr; i++) {
		t->runtimes->fresh = NULL;
		/* what is there now is its next program, which waits: see_execs() will see to it, in time */
		if (hold__has(&t->bpf->hold, pids->pids[i])) {
			table__delete(&t->since, pids->pids[i] | SINCE_MAPPED);
			continue;
		}
		/* the probes first: what runs before them goes unseen */
		runtimes__add(t->runtimes, pids->pids[i], NULL, new_born);
		/* it may have been in the middle of an exec: mapped already, but held only now, before its first step
		 */
		tell_late(t, pids->pids[i] | SINCE_MAPPED, hold__has(&t->bpf->hold, pids->pids[i]), "it was loaded");
		describing_frames__process(w, pids->pids[i]); /* gone already: its threads' names are recorded */
		tell_runtime(t, pids->pids[i], w);
	}
	pids->nr = 0;
}

void targets__describe_unseen(struct targets *t, struct writer *w)
{
	see_execs(t, &t->became, true, w);
	see_execs(t, &t->replaced, false, w);
	see_processes(t, &t->joined, false, w);
	see_processes(t, &t->unseen, true, w);
	if (t->runtimes->changed)
		tell_runtime(t, t->runtimes->changed, w);
	t->runtimes->changed = 0;
}

static void on_fork(struct targets *t, const struct tare_fork *rec, uint64_t ts_ns)
{
	bool joins = rec->tid == rec->parent_tid;

	if (rec->tid == rec->tgid)
		pids__add(joins ? &t->joined : &t->unseen, rec->tid);
	if (rec->tid == rec->tgid && !joins)
		runtimes__ended(t->runtimes, rec->tid, ts_ns);
	t->wants_snapshot |= joins;
}

static void note_since(struct targets *t, uint64_t key, uint64_t ts_ns)
{
	uint64_t *since = table__add(&t->since, key);

	if (since && !*since)
		*since = ts_ns;
}

static void on_exec(struct targets *t, const struct tare_exec *rec, uint64_t ts_ns)
{
	table__delete(&t->since, rec->tid);
	note_since(t, rec->tid, ts_ns);
	runtimes__ended(t->runtimes, rec->tid, ts_ns);
	pids__remove(&t->unseen, rec->tid);
	pids__remove(&t->joined, rec->tid);
	if (rec->tid != rec->old_tid)
		pids__remove(&t->became, rec->tid);
	pids__add(rec->tid == rec->old_tid ? &t->became : &t->replaced, rec->tid);
}

static void on_mapped(struct targets *t, const struct tare_mapped *rec, uint64_t ts_ns)
{
	note_since(t, rec->tgid | SINCE_MAPPED, ts_ns);
	pids__add(&t->unseen, rec->tgid);
}

/* A process that appears or calls exec is described once the round is over. */
void targets__on_record(const struct tare_rec *rec, uint64_t ts_ns, void *ctx)
{
	struct targets *t = ctx;

	if (rec->kind == TARE_REC_FORK)
		pid_ns__forget(((const struct tare_fork *)rec)->tid);
	if (rec->kind == TARE_REC_EXIT)
		pid_ns__forget(((const struct tare_exit *)rec)->tid);
	if (rec->kind == TARE_REC_EXEC)
		on_exec(t, (const struct tare_exec *)rec, ts_ns);
	else if (rec->kind == TARE_REC_MAPPED)
		on_mapped(t, (const struct tare_mapped *)rec, ts_ns);
	else if (rec->kind == TARE_REC_FORK)
		on_fork(t, (const struct tare_fork *)rec, ts_ns);
}

void targets__describe(struct targets *t, struct writer *w)
{
	describe_target(t, w);
	for (size_t i = 0; i < t->marked.nr; i++) {
		rest__take();
		describing_frames__process(w, t->marked.pids[i]);
	}
	t->unseen.nr = 0;
}

void targets__free(struct targets *t)
{
	free(t->marked.pids);
	free(t->unseen.pids);
	free(t->joined.pids);
	free(t->became.pids);
	free(t->replaced.pids);
	table__free(&t->since);
	runtime_files__free(&t->files);
}
