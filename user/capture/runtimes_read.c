// SPDX-License-Identifier: BSD-2-Clause
/* The runtimes' own counters, every second and at their ends. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "runtimes_impl.h"
#include "util.h"

static void write_delays(struct runtimes *r, struct instance *i, uint64_t now)
{
	struct tare_delays *d = calloc(1, sizeof(*d) + TARE_DELAYS_MAX * sizeof(d->buckets[0]));
	struct iovec iov = { d, 0 };

	if (!d)
		return;
	d->pid = i->prog.pid;
	if (!i->runtime->delays(i->self, d)) {
		iov.iov_len = sizeof(*d) + d->nr * sizeof(d->buckets[0]);
		writer__frame(r->writer, TARE_FRAME_DELAYS, 0, now, &iov, 1);
	}
	free(d);
}

/* Unknown for one is unknown for all; two runtimes in one process both count. Settings do not add up. */
static void add_counters(struct tare_counters *sum, const struct tare_counters *c)
{
	uint64_t percent = sum->gc_percent == c->gc_percent ? c->gc_percent : TARE_UNKNOWN;
	uint64_t limit = sum->limit_bytes == c->limit_bytes ? c->limit_bytes : TARE_UNKNOWN;
	__u64 *to = &sum->goroutine_switches;
	const __u64 *from = &c->goroutine_switches;

	for (size_t i = 0; i < (sizeof(*c) - offsetof(struct tare_counters, goroutine_switches)) / sizeof(*to); i++)
		to[i] = to[i] == TARE_UNKNOWN || from[i] == TARE_UNKNOWN ? TARE_UNKNOWN : to[i] + from[i];
	sum->gc_percent = percent;
	sum->limit_bytes = limit;
}

/* Those of a process are together in @all, and so is each one's process. Returns how many there are now. */
static size_t collect(struct tare_counters *all, size_t nr, const struct tare_counters *c)
{
	for (size_t i = 0; i < nr; i++) {
		if (all[i].pid != c->pid)
			continue;
		add_counters(&all[i], c);
		return nr;
	}
	all[nr] = *c;
	return nr + 1;
}

void runtimes__read(struct runtimes *r, uint64_t now, bool last)
{
	struct tare_counters *all = calloc(r->nr + 1, sizeof(*all)), c;
	size_t nr = 0;

	if (!all)
		return;
	for (size_t i = r->nr; i-- > 0;) {
		struct instance *in = r->instances[i];
		bool was_gone = in->gone;

		/* another process with its id must not be read by what is known of it */
		in->gone |= instance__is_orphan(in);
		if (!in->gone && !in->final && in->runtime->counters && runtimes__runs(r, in) &&
		    !instance__counters(in, &c)) {
			nr = collect(all, nr, &c);
			instance__install(r->bpf, in);
		}
		if (!in->gone && !in->final && in->runtime->delays && runtimes__runs(r, in))
			write_delays(r, in, now);
		/* its last words may still be in the rings: wait until the next time */
		if (!last && was_gone)
			runtimes__drop(r, i);
	}
	runtimes__write_counters(r, now, all, nr);
	free(all);
}

void runtimes__processes(struct runtimes *r, struct pids *to)
{
	for (size_t i = 0; i < r->nr; i++) {
		struct instance *in = r->instances[i];

		if (in != runtimes__first(r, in->prog.pid) || in->gone || instance__is_orphan(in) ||
		    !runtimes__runs(r, in) || ARRAY_GROW(to->pids, to->room, to->nr + 1))
			continue;
		to->pids[to->nr++] = in->prog.pid;
	}
}

int runtimes__memory(struct runtimes *r, pid_t pid, struct runtime_memory *memory)
{
	int ret = -ENOENT;

	for_each_of(r, pid, i) {
		if (i->gone || i->final || !i->self || !i->runtime->memory)
			continue;
		if (!i->runtime->memory(i->self, memory))
			return 0;
		runtime_memory__free(memory);
		info("process %d: what is in its heap is not known", pid);
	}
	return ret;
}

int runtimes__heap(struct runtimes *r, pid_t pid, struct heap_profile *heap)
{
	for_each_of(r, pid, i)
		if (!i->gone && !i->final && i->self && i->runtime->heap)
			return i->runtime->heap(i->self, heap);
	return -ENOENT;
}

void runtimes__on_memory(struct runtimes *r, const struct tare_memory *memory, uint64_t ts_ns)
{
	struct instance *i = runtimes__first(r, memory->tgid);
	struct tare_counters c;
	int ret;

	/* where the kernel side has to be told what to copy, it was told of one */
	while (i && (!i->runtime->last_counters || (i->runtime->maps && !i->installed)))
		i = i->sibling;
	if (!i || i->final)
		return;
	memset(&c, 0xff, sizeof(c));
	c.ts_ns = ts_ns;
	c.pid = i->prog.pid;
	c.final = 1;
	ret = i->runtime->last_counters(i->self, memory, &c);
	if (ret) {
		if (ret != -EAGAIN)
			info("the last counters of process %d are not known: %s", i->prog.pid, strerror(-ret));
		return;
	}
	i->final = true;
	runtimes__write_counters(r, ts_ns, &c, 1);
	if (i->runtime->delays)
		write_delays(r, i, ts_ns);
}

void runtimes__allocators(const struct runtimes *r, pid_t pid,
			  void (*visit)(int fd, const struct file_id *file, const struct allocators *found, void *ctx),
			  void *ctx)
{
	struct allocators found = { 0 };

	for_each_of(r, pid, i) {
		if (!i->self || !i->runtime->allocators || i->runtime->allocators(i->self, &found))
			continue;
		visit(i->prog.fd, &i->file, &found, ctx);
		allocators__free(&found);
	}
}
