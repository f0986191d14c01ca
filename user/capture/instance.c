// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capability.h"
#include "cgroup.h"
#include "instance.h"
#include "probe_room.h"
#include "pid_ns.h"
#include "proc.h"
#include "util.h"

struct instance *instance__open(pid_t pid, int fd, const struct stat *st, const char *path, bool native)
{
	struct instance *i = calloc(1, sizeof(*i));

	if (i && path)
		i->path = strdup(path);
	if (!i || (path && !i->path)) {
		free(i);
		close(fd);
		return NULL;
	}
	i->prog = (struct program){ .fd = fd, .pid = pid, .library = path };
	i->file = file_id__of(st);
	i->start_ticks = proc__start_ticks(pid);
	i->since_ns = UINT64_MAX;
	if (image__open(fd, &i->prog.img, NULL))
		i->prog.img = NULL;
	i->runtime = native ? &runtime_native : runtime__of(i->prog.img, i->version, sizeof(i->version));
	return i;
}

bool instance__is_orphan(const struct instance *i)
{
	uint64_t ticks = proc__start_ticks(i->prog.pid);

	return !ticks ? kill(pid_ns__here(i->prog.pid), 0) && errno == ESRCH :
			i->start_ticks && ticks != i->start_ticks;
}

void instance__forget(struct bpf *bpf, struct instance *i)
{
	for (const char *const *map = i->runtime->maps; i->installed && map && *map; map++)
		bpf__forget(bpf, *map, i->prog.pid);
	i->installed = false;
}

void instance__close(struct bpf *bpf, struct instance *i)
{
	bpf__detach_probes(bpf, &i->probes);
	instance__forget(bpf, i);
	if (i->self && i->runtime->close)
		i->runtime->close(i->self);
	image__close(i->prog.img);
	close(i->prog.fd);
	free(i->path);
	free(i->untold);
	free(i);
}

void instance__place(struct instance *i, uint64_t start, uint64_t end, uint64_t offset)
{
	i->start = start;
	i->end = end;
	i->prog.placed = i->prog.img && !image__bias(i->prog.img, start, offset, true, &i->prog.bias);
}

struct installing {
	struct bpf *bpf;
	struct instance *i;
};

static int install(const char *map, const void *value, void *ctx)
{
	struct installing *in = ctx;
	int ret = bpf__tell(in->bpf, map, in->i->prog.pid, value);

	in->i->installed |= !ret;
	return ret;
}

void instance__install(struct bpf *bpf, struct instance *i)
{
	if (i->runtime->install)
		i->runtime->install(i->self, install, &(struct installing){ bpf, i });
}

/* Pages of the file that get a probe; the process gets a copy of each. */
static size_t nr_pages(const struct runtime_probes *list)
{
	size_t nr = 0;

	for (size_t i = 0, k; i < list->nr; i++) {
		for (k = 0;
		     k < i && list->probes[k].offset / PROBE_PAGE_BYTES != list->probes[i].offset / PROBE_PAGE_BYTES;)
			k++;
		nr += k == i;
	}
	return nr;
}

/* Returns 0 or -ENOMEM. */
static int instance__check_memory(struct instance *i, const struct runtime_probes *list)
{
	struct cgroup_memory m;
	uint64_t need;
	char path[64];

	if (probe_room__is_there(i->prog.pid, nr_pages(list), &need, &m))
		return 0;
	sanitize(m.path, strlen(m.path), path, sizeof(path));
	snprintf(i->prog.problem, sizeof(i->prog.problem),
		 "the memory cgroup %s is full (%llu KB): the kernel needs a page of it "
		 "for each page of code with a probe in it, raise its limit by %llu KB",
		 path[0] ? path : "/", (unsigned long long)m.limit_bytes >> 10,
		 (unsigned long long)(need - m.room_bytes + 1023) >> 10);
	return -ENOMEM;
}

/* What may help after probes could not be attached for @error. */
static const char *advice(int error)
{
	if ((error == EACCES || error == EPERM) && !capability__has(CAP_SYS_ADMIN))
		return "before Linux 6.6 that takes CAP_SYS_ADMIN";
	return "`tare doctor` says whether uprobes work here";
}

static void instance__probe(struct bpf *bpf, struct instance *i, bool goroutines)
{
	struct runtime_probes list = { 0 };
	const struct runtime *rt = i->runtime;
	int ret = rt->probes ? rt->probes(i->self, &list) : -ENOENT;

	instance__install(bpf, i);
	if (rt->preempt_signal)
		bpf__watch_signal(bpf, rt->preempt_signal);
	if (!ret && !i->probes.nr && !i->probes.has_multi) /* else they are already in the file */
		ret = instance__check_memory(i, &list) ?:
			      bpf__attach_probes(bpf, i->prog.pid, i->prog.fd, &list, goroutines, &i->probes);
	runtime_probes__free(&list);
	if (ret && rt->probes && !i->prog.problem[0])
		snprintf(i->prog.problem, sizeof(i->prog.problem), "its probes cannot be attached: %s; %s",
			 strerror(-ret), advice(-ret));
	i->tells = !ret && !i->prog.problem[0] && rt->probes && !rt->tells_nothing;
}

/* Turn what the runtime says of itself into the sentence that all commands print. */
static void instance__explain(struct instance *i, const char *runtime)
{
	const char *base = i->path ? strrchr(i->path, '/') : NULL;
	char name[64] = "";

	if (base)
		sanitize(base + 1, strlen(base + 1), name, sizeof(name));
	if (asprintf(&i->untold, "%s%sthis is %s, but %s: its pauses are not told", name, base ? ": " : "", runtime,
		     i->prog.problem) < 0)
		i->untold = NULL;
	else
		warn("process %d: %s", i->prog.pid, i->untold);
}

void instance__attach(struct bpf *bpf, struct instance *i, bool goroutines, bool first)
{
	const struct runtime *rt = i->runtime;
	int ret;

	/* one runtime's pauses at a time: those of two would be confused */
	if (!first && rt->probes && !rt->tells_nothing) {
		snprintf(i->prog.problem, sizeof(i->prog.problem),
			 "another runtime in this process is measured already");
		instance__explain(i, rt->title ?: rt->name);
		i->runtime = &runtime_native;
		return;
	}
	ret = rt->open ? rt->open(&i->prog, &i->self) : 0;
	if (!ret)
		instance__probe(bpf, i, goroutines);
	else if (!i->prog.problem[0])
		snprintf(i->prog.problem, sizeof(i->prog.problem), "it cannot be looked into: %s", strerror(-ret));
	if (rt->tells_nothing && i->prog.problem[0])
		info("process %d: libraries that it loads are looked for each second: %s", i->prog.pid,
		     i->prog.problem);
	else if (i->prog.problem[0])
		instance__explain(i, rt->title ?: rt->name);
	if (ret)
		i->runtime = &runtime_native;
}

int instance__counters(struct instance *i, struct tare_counters *c)
{
	int ret;

	memset(c, 0xff, sizeof(*c)); /* all TARE_UNKNOWN */
	c->pid = i->prog.pid;
	c->final = 0;
	ret = i->runtime->counters(i->self, c);
	c->ts_ns = now_ns();
	if (ret && ret != -ESRCH && ret != -EAGAIN && !i->said) {
		i->said = true;
		warn("cannot read the counters of process %d (%s): %s", i->prog.pid, i->runtime->name, strerror(-ret));
	}
	return ret;
}
