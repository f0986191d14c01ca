// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "array.h"
#include "capability.h"
#include "describing_frames.h"
#include "launch.h"
#include "pid_ns.h"
#include "proc.h"
#include "runtimes_impl.h"
#include "symtab.h"
#include "util.h"

static int open_program(pid_t pid, const char *path)
{
	char exe[64], command[COMMAND_MAX];
	int fd = path ? launch__find(path, command) : 0;

	if (fd)
		return fd;
	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid_ns__here(proc__living(pid)));
	fd = open(path ? command : exe, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

#define MAX_RETIRED 64 /* each has an open file */

struct instance *runtimes__first(const struct runtimes *r, pid_t pid)
{
	const uint64_t *first = table__find(&r->by_pid, pid);

	return first ? (struct instance *)*first : NULL;
}

struct instance *runtimes__find_file(const struct runtimes *r, pid_t pid, const struct file_id *file)
{
	for_each_of(r, pid, i)
		if (file_id__equal(&i->file, file))
			return i;
	return NULL;
}

/* Of its process's instances, which remain in their order. */
static void unlink_instance(struct runtimes *r, struct instance *i)
{
	uint64_t *first = table__find(&r->by_pid, i->prog.pid);
	struct instance *before = (struct instance *)*first;

	if (before != i) {
		while (before->sibling != i)
			before = before->sibling;
		before->sibling = i->sibling;
	} else if (i->sibling) {
		*first = (uintptr_t)i->sibling;
	} else {
		table__delete(&r->by_pid, i->prog.pid);
	}
}

void runtimes__drop(struct runtimes *r, size_t at)
{
	unlink_instance(r, r->instances[at]);
	instance__close(r->bpf, r->instances[at]);
	r->nr--;
	memmove(&r->instances[at], &r->instances[at + 1], (r->nr - at) * sizeof(r->instances[0]));
}

uint64_t runtimes__since(const struct runtimes *r, pid_t pid)
{
	uint64_t ns;

	return bpf__program_ns(r->bpf, pid, &ns) ? UINT64_MAX : ns;
}

static void say(const char *key, const char *value, void *ctx)
{
	describing_frames__info(ctx, &(const char *const[2]){ key, value }, 1);
}

void runtimes__write_counters(struct runtimes *r, uint64_t now, struct tare_counters *c, size_t nr)
{
	if (nr)
		writer__array(r->writer, TARE_FRAME_RUNTIMES, now, c, sizeof(*c), nr);
}

/* What a recording must hold of it before its first event. */
static void describe(struct runtimes *r, const struct instance *i)
{
	struct tare_counters zero = { .ts_ns = now_ns(), .pid = i->prog.pid };
	struct tare_delays none = { .pid = i->prog.pid, .one_in = 1 };
	struct iovec no_delays = { &none, sizeof(none) };
	bool counted = false;
	char key[64];

	if (!r->writer)
		return;
	if (i->runtime->names)
		describing_frames__names(r->writer, i->prog.pid, i->runtime, i->self);
	if (i->untold) {
		snprintf(key, sizeof(key), "%s%d", TARE_INFO_UNTOLD, i->prog.pid);
		say(key, i->untold, r->writer);
	}
	for_each_of(r, i->prog.pid, other)
		counted |= other != i && other->runtime->counters;
	if (!i->new_born || counted)
		return;
	/* seen from birth: its own counters start at 0 */
	if (i->runtime->counters)
		runtimes__write_counters(r, zero.ts_ns, &zero, 1);
	if (i->runtime->delays)
		writer__frame(r->writer, TARE_FRAME_DELAYS, 0, zero.ts_ns, &no_delays, 1);
}

/* It was started, or moved into a cgroup: a target given by the user is refused, see targets.c. */
static void tell_barred(struct runtimes *r, pid_t pid)
{
	char why[160], key[64];
	size_t len;

	if (!r->writer || pid == r->barred || !capability__bars(pid, why, sizeof(why)))
		return;
	r->barred = pid;
	len = strlen(why);
	snprintf(why + len, sizeof(why) - len, ": what its runtime tells is not known");
	warn("process %d: %s", pid, why);
	snprintf(key, sizeof(key), "%s%d", TARE_INFO_UNTOLD, pid);
	say(key, why, r->writer);
}

struct instance *runtimes__keep(struct runtimes *r, struct instance *i)
{
	struct instance *last;
	uint64_t *first;

	if (!i)
		return NULL;
	first = ARRAY_GROW(r->instances, r->room, r->nr + 1) ? NULL : table__add(&r->by_pid, i->prog.pid);
	if (!first) {
		instance__close(r->bpf, i);
		return NULL;
	}
	r->instances[r->nr++] = i;
	if (!*first) {
		*first = (uintptr_t)i;
		return i;
	}
	for (last = (struct instance *)*first; last->sibling;)
		last = last->sibling;
	last->sibling = i;
	return i;
}

void runtimes__attach(struct runtimes *r, struct instance *i)
{
	bool first = true, carried = i->probes.nr || i->probes.has_multi;

	for_each_of(r, i->prog.pid, other)
		first &= other == i || !other->tells;
	instance__attach(r->bpf, i, r->goroutines, first);
	r->told |= i->tells;
	if (i->tells && !carried)
		r->fresh = i;
	if (i->tells)
		info("process %d: pauses are told by %s in %s", i->prog.pid,
		     i->version[0] ? i->version : i->runtime->name, i->path ?: "its program");
	describe(r, i);
}

bool runtimes__runs(struct runtimes *r, struct instance *i)
{
	uint64_t since_ns;
	struct stat st;
	struct file_id file;
	char exe[64];

	if (i->prog.placed)
		return true;
	since_ns = runtimes__since(r, i->prog.pid);
	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid_ns__here(proc__living(i->prog.pid)));
	if (stat(exe, &st))
		return false;
	file = file_id__of(&st);
	if (file_id__equal(&file, &i->file))
		runtimes__look(r, i->prog.pid, i->new_born);
	if (i->prog.placed && runtimes__since(r, i->prog.pid) == since_ns)
		i->since_ns = since_ns;
	return i->prog.placed;
}

/* Remove what process @pid ran until now. Returns the first, or NULL; .sibling is the next. */
static struct instance *take_out(struct runtimes *r, pid_t pid)
{
	struct instance *first = runtimes__first(r, pid);
	size_t nr = 0;

	if (!first)
		return NULL;
	for (size_t i = 0; i < r->nr; i++) {
		if (r->instances[i]->prog.pid == pid)
			instance__forget(r->bpf, r->instances[i]);
		else
			r->instances[nr++] = r->instances[i];
	}
	r->nr = nr;
	table__delete(&r->by_pid, pid);
	return first;
}

/* Its process does not run it any more: what is left of it is names. */
static void retire(struct runtimes *r, struct instance *i)
{
	if (r->nr_retired == MAX_RETIRED) {
		instance__close(r->bpf, i);
		return;
	}
	bpf__detach_probes(r->bpf, &i->probes);
	i->sibling = r->retired;
	r->retired = i;
	r->nr_retired++;
}

/* What take_out() returned. */
static void retire_all(struct runtimes *r, struct instance *first)
{
	for (struct instance *next; first; first = next) {
		next = first->sibling;
		retire(r, first);
	}
}

void runtimes__close_retired(struct runtimes *r)
{
	while (r->retired) {
		struct instance *i = r->retired;

		r->retired = i->sibling;
		instance__close(r->bpf, i);
	}
	r->nr_retired = 0;
}

void runtimes__add(struct runtimes *r, pid_t pid, const char *path, bool new_born)
{
	int fd = open_program(pid, path);
	struct instance *i = runtimes__first(r, pid);
	struct file_id file;
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) { /* it has ended, or cannot be run: reported elsewhere */
		tell_barred(r, pid);
		if (fd >= 0)
			close(fd);
		return;
	}
	file = file_id__of(&st);
	if (i && file_id__equal(&i->file, &file) && !i->gone && !instance__is_orphan(i)) {
		close(fd);
		if (i->prog.placed)
			runtimes__look(r, pid, true);
		else
			runtimes__runs(r, i);
		return;
	}
	retire_all(r, take_out(r, pid));
	i = runtimes__keep(r, instance__open(pid, fd, &st, NULL, runtimes__is_native(r, &file)));
	if (!i)
		return;
	runtimes__remember(r, i);
	i->new_born = new_born;
	if (r->replaced && file_id__equal(&r->replaced->file, &file)) {
		i->probes = r->replaced->probes;
		r->replaced->probes = (struct attached){ 0 };
	}
	if (!path)
		runtimes__runs(r, i);
	runtimes__attach(r, i);
}

void runtimes__exec(struct runtimes *r, pid_t pid, bool same_task)
{
	struct instance *old = runtimes__first(r, pid);

	if (old && !old->prog.placed && !instance__is_orphan(old) &&
	    runtimes__runs(r, old)) /* what it was started for */
		return;
	old = take_out(r, pid);
	r->replaced = same_task && old && !instance__is_orphan(old) ? old : NULL;
	runtimes__add(r, pid, NULL, true);
	r->replaced = NULL;
	retire_all(r, old); /* the process is held: this can wait */
}

void runtimes__begin(struct runtimes *r, struct writer *w)
{
	r->writer = w;
	for (size_t i = 0; i < r->nr; i++)
		describe(r, r->instances[i]);
}

const char *runtimes__name(struct runtimes *r, pid_t pid, const char **version)
{
	const struct instance *i = runtimes__first(r, pid);

	*version = i ? i->version : "";
	if (i && i->runtime != &runtime_native)
		return i->runtime->name;
	for_each_of(r, pid, lib) {
		const char *base = lib->path ? strrchr(lib->path, '/') : NULL;

		if (!base || lib->runtime->tells_nothing || lib->runtime == &runtime_native)
			continue;
		snprintf(r->name, sizeof(r->name), "%s with %s in %s", runtime_native.name,
			 lib->version[0] ? lib->version : lib->runtime->name, base + 1);
		return r->name;
	}
	return i ? i->runtime->name : runtime_native.name;
}

void runtimes__ended(struct runtimes *r, pid_t pid, uint64_t ts_ns)
{
	for_each_of(r, pid, i)
		/* it may be looked at only now, and be of a later program */
		if (ts_ns > i->since_ns && (!i->until_ns || ts_ns < i->until_ns))
			i->until_ns = ts_ns;
}

static bool has(const struct instance *i, uint64_t ip, uint64_t ts_ns)
{
	return i->prog.placed && ip >= i->start && ip < i->end && ts_ns >= i->since_ns &&
	       (!i->until_ns || ts_ns < i->until_ns);
}

static const struct instance *find_code(const struct runtimes *r, pid_t pid, uint64_t ip, uint64_t ts_ns)
{
	for_each_of(r, pid, i)
		if (has(i, ip, ts_ns))
			return i;
	for (const struct instance *i = r->retired; i; i = i->sibling)
		if (i->prog.pid == pid && has(i, ip, ts_ns))
			return i;
	return NULL;
}

int runtimes__symbol(const struct runtimes *r, pid_t pid, uint64_t ip, uint64_t ts_ns, struct runtime_symbol *sym)
{
	const struct instance *i = find_code(r, pid, ip, ts_ns);
	int ret = i && i->self && i->runtime->symbol ? i->runtime->symbol(i->self, ip - i->prog.bias, sym) : -ENOENT;

	if (!ret && sym->start)
		sym->start += i->prog.bias;
	for (int at = 0; !ret && at < sym->nr; at++)
		sym->frames[at].cost = runtime_cost__find(i->runtime->costs, sym->frames[at].name);
	return ret;
}

int runtimes__file_symbol(const struct runtimes *r, pid_t pid, uint64_t ip, uint64_t ts_ns, struct runtime_symbol *sym)
{
	const struct instance *i = find_code(r, pid, ip, ts_ns);
	struct runtime_frame *f = &sym->frames[0];

	if (!i || symtab__function_at(i->prog.img, ip - i->prog.bias, &f->name, &sym->start))
		return -ENOENT;
	sym->start += i->prog.bias;
	f->file = "";
	f->line = 0;
	f->owner = i->prog.library ? TARE_OWNER_LIBRARY : TARE_OWNER_PROGRAM;
	f->cost = runtime_cost__find(i->runtime->costs, f->name);
	sym->nr = 1;
	sym->own = 0;
	return 0;
}

const struct runtime_cost *runtimes__costs(const struct runtimes *r, pid_t pid, uint64_t ip, uint64_t ts_ns)
{
	const struct instance *i = find_code(r, pid, ip, ts_ns);

	return i ? i->runtime->costs : runtime_native.costs;
}

int runtimes__code(const struct runtimes *r, pid_t pid, uint64_t ip, uint64_t ts_ns, struct runtime_code *code)
{
	const struct instance *i = find_code(r, pid, ip, ts_ns);

	return i && i->self && i->runtime->code ? i->runtime->code(i->self, ip - i->prog.bias, code) : -ENOENT;
}

static bool tells(const struct instance *i)
{
	return i->tells && !i->gone;
}

void runtimes__for_each(const struct runtimes *r, void (*visit)(pid_t pid, void *ctx), void *ctx)
{
	for (size_t i = 0; i < r->nr; i++) {
		const struct instance *in = r->instances[i], *first = runtimes__first(r, in->prog.pid);

		/* each process once */
		while (first && !tells(first))
			first = first->sibling;
		if (first == in)
			visit(in->prog.pid, ctx);
	}
}

void runtimes__free(struct runtimes *r)
{
	while (r->nr)
		runtimes__drop(r, r->nr - 1);
	runtimes__close_retired(r);
	free(r->instances);
	table__free(&r->by_pid);
	free(r->kinds);
	*r = (struct runtimes){ .bpf = r->bpf };
}
