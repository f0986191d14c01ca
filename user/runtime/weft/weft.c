// SPDX-License-Identifier: BSD-2-Clause
/*
 * weft (tools/workloads/weft): its USDT probes, provider "weft", are its
 * events, and its counters lie in the symbol weft_stats.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"
#include "runtime.h"
#include "usdt.h"
#include "util.h"
#include "weft_costs.h"
#include "../../../tools/workloads/weft/event.h"
#include "../../../tools/workloads/weft/stats.h"

#define MAX_ROWS   (WEFT_MAX_PROCS + 1)
#define TYPE_BYTES 8	/* offset of struct weft_type's .bytes, tools/workloads/weft/heap.h */
#define PAGE_BYTES 4096 /* the smallest that a system has */

struct weft {
	const struct program *prog;
	uint64_t stats; /* weft_stats in the file; 0: no symbols */
	uint64_t arena; /* likewise, the heap's place */
};

/* What tare makes of weft's events, indexed by enum weft_event; 0: unused. */
static const struct {
	uint16_t event; /* enum tare_runtime_event */
	bool often;
} meaning[WEFT_N_EVENTS] = {
#define RARE(name, EVENT)  [WEFT_EVENT_##name] = { TARE_RT_##EVENT, false }
#define OFTEN(name, EVENT) [WEFT_EVENT_##name] = { TARE_RT_##EVENT, true }
	RARE(stw_request, STW_REQUEST),
	RARE(p_stopped, P_STOPPED),
	RARE(stw_stopped, STW_STOPPED),
	RARE(stw_restart, STW_RESTART),
	RARE(stw_started, STW_STARTED),
	RARE(gc_start, GC_START),
	RARE(gc_phase, GC_PHASE),
	RARE(gc_end, GC_END),
	RARE(sweep_end, SWEEP_END),
	RARE(handoff, HANDOFF),
	RARE(large_alloc, LARGE_ALLOC),
	RARE(assist, ASSIST),
	RARE(preempt_taken, PREEMPT_TAKEN),
	RARE(preempt_request, PREEMPT_REQUEST),
	RARE(exit, EXIT),
	OFTEN(span_refill, SPAN_REFILL),
	OFTEN(g_create, G_CREATE),
	OFTEN(g_run, G_RUN),
	OFTEN(g_park, G_PARK),
	OFTEN(g_ready, G_READY),
	OFTEN(g_exit, G_EXIT),
	OFTEN(steal, STEAL),
};

static const char *const names[WEFT_N_EVENTS] = {
#define X(name) #name,
	WEFT_EVENTS(X)
#undef X
};

static int on_any(const struct usdt *probe, void *ctx)
{
	return -EEXIST; /* one is enough */
}

static int recognise(struct image *img, char *version, size_t size)
{
	return img && usdt__for_each(img, "weft", on_any, NULL) == -EEXIST;
}

static int weft__open(struct program *prog, void **self)
{
	struct weft *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->prog = prog;
	if (image__symbol(w->prog->img, "weft_stats", &w->stats, NULL))
		w->stats = 0;
	if (image__symbol(w->prog->img, "arena", &w->arena, NULL))
		w->arena = 0;
	*self = w;
	return 0;
}

/* Where its programs ask for memory. */
static int weft__allocators(void *self, struct allocators *list)
{
	static const struct {
		const char *name;
		uint64_t cookie;
	} functions[] = {
		{ "weft_new", ALLOC_FIELD | ALLOC_COOKIE_FIELD(TYPE_BYTES) },
		{ "weft_new_array", ALLOC_FIELD_BY_SECOND | ALLOC_COOKIE_FIELD(TYPE_BYTES) },
		{ "weft_new_bytes", ALLOC_FIRST },
	};
	const struct weft *w = self;
	int ret = -ENOENT;
	uint64_t addr;

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (!image__symbol(w->prog->img, functions[i].name, &addr, NULL))
			ret = allocators__add(list, w->prog->img, addr,
					      functions[i].cookie | ALLOC_COOKIE_FLAGS(TARE_ALLOC_RUNTIME));
	return ret;
}

struct search {
	struct image *img;
	struct runtime_probes *list;
	bool found[WEFT_N_EVENTS];
};

static int on_probe(const struct usdt *u, void *ctx)
{
	struct search *s = ctx;
	struct runtime_probe probe = { 0 };
	unsigned e = 0;

	while (e < WEFT_N_EVENTS && strcmp(u->name, names[e]))
		e++;
	if (e == WEFT_N_EVENTS || !meaning[e].event)
		return 0;
	if (image__offset(s->img, u->address, &probe.offset) ||
	    (u->semaphore && image__offset(s->img, u->semaphore, &probe.semaphore)))
		return 0;
	s->found[e] = true;
	probe.often = meaning[e].often;
	probe.site.event = meaning[e].event;
	probe.site.goroutine = u->args[0];
	probe.site.nr_args = u->nr_args > 1 ? u->nr_args - 1 : 0;
	if (probe.site.nr_args > TARE_RT_MAX_ARGS)
		probe.site.nr_args = TARE_RT_MAX_ARGS;
	memcpy(probe.site.args, u->args + 1, probe.site.nr_args * sizeof(u->args[0]));
	if (e == WEFT_EVENT_exit)
		probe.site.copy_bytes = sizeof(struct weft_totals);
	return runtime_probes__add(s->list, &probe);
}

static int weft__probes(void *self, struct runtime_probes *list)
{
	struct weft *w = self;
	struct search s = { .img = w->prog->img, .list = list };
	int ret = usdt__for_each(w->prog->img, "weft", on_probe, &s);

	for (unsigned e = 0; e < WEFT_N_EVENTS && !ret; e++)
		if (meaning[e].event && !s.found[e])
			warn("process %d runs another weft than this tare knows: it does not tell %s", w->prog->pid,
			     names[e]);
	return ret;
}

static void translate(const struct weft_totals *t, struct tare_counters *c)
{
	c->goroutine_switches = t->switches;
	c->goroutines_created = t->created;
	c->alloc_bytes = t->alloc_bytes;
	c->alloc_objects = t->alloc_objects;
	c->freed_bytes = t->freed_bytes;
	c->freed_objects = t->freed_objects;
	c->collections = t->collections;
	c->pauses = t->stw;
	c->pause_ns = t->stw_ns;
	c->syscalls = t->syscalls;
	c->preempts = t->preempts;
	c->assist_ns = t->assist_ns;
}

static int read_totals(const struct weft *w, struct weft_totals *totals)
{
	const size_t nr = sizeof(*totals) / sizeof(uint64_t);
	uint64_t *sum = (uint64_t *)totals;
	uint32_t head[4]; /* the first fields of struct weft_stats */
	int ret;

	if (!w->stats)
		return -ENOENT;
	if (!w->prog->placed)
		return -ESRCH;
	ret = proc__peek(w->prog->pid, w->stats + w->prog->bias, head, sizeof(head));
	if (ret)
		return ret;
	if (head[0] != WEFT_STATS_VERSION || head[1] >= MAX_ROWS || head[2] != sizeof(struct weft_counters) ||
	    head[3] != nr)
		return head[0] ? -EPROTO : -EAGAIN; /* 0: it has not started */
	for (uint32_t row = 0; row <= head[1]; row++) {
		struct weft_counters counters;

		ret = proc__peek(w->prog->pid,
				 w->stats + w->prog->bias + offsetof(struct weft_stats, rows) + row * sizeof(counters),
				 &counters, sizeof(counters));
		if (ret)
			return ret;
		for (size_t i = 0; i < nr; i++)
			sum[i] += ((const uint64_t *)&counters)[i];
	}
	return 0;
}

static int weft__counters(void *self, struct tare_counters *c)
{
	struct weft_totals totals = { 0 };
	int ret = read_totals(self, &totals);

	if (!ret)
		translate(&totals, c);
	return ret;
}

/*
 * Where its heap is and how much of it is objects, by its counters. What else it has, it says nowhere: its tables and
 * the stacks of its goroutines are mappings like others.
 */
static int weft__memory(void *self, struct runtime_memory *memory)
{
	struct weft_totals totals = { 0 };
	struct runtime_span all = { .kind = RUNTIME_SPAN_OBJECTS };
	struct weft *w = self;
	uint64_t arena[2]; /* the first fields of struct arena: .base, .used_bytes */
	int ret = w->arena && w->prog->placed ? read_totals(w, &totals) : -ENOENT;

	if (!ret)
		ret = proc__peek(w->prog->pid, w->arena + w->prog->bias, arena, sizeof(arena));
	if (ret)
		return ret;
	if (!arena[1] || arena[0] % PAGE_BYTES || arena[1] % PAGE_BYTES || arena[0] + arena[1] < arena[0] ||
	    totals.freed_bytes > totals.alloc_bytes)
		return -ENOENT;
	all.start = arena[0];
	all.end = arena[0] + arena[1];
	all.used = totals.alloc_bytes - totals.freed_bytes;
	memory->fresh = all.used;
	return runtime_memory__add_heap(memory, all.start, all.end) ?: runtime_memory__add_span(memory, &all);
}

static int weft__last_counters(void *self, const struct tare_memory *memory, struct tare_counters *c)
{
	struct weft_totals totals;

	if (memory->len < sizeof(totals))
		return -EFAULT;
	memcpy(&totals, memory->bytes, sizeof(totals));
	translate(&totals, c);
	return 0;
}

static void weft__names(void *self, runtime_say *say, void *ctx)
{
	static const struct {
		unsigned kind, nr;
		const char *name;
	} all[] = {
		{ TARE_NAME_STOP_REASON, 0, "unknown" },
		{ TARE_NAME_STOP_REASON, 1, "GC mark termination" },
		{ TARE_NAME_STOP_REASON, 2, "GC sweep termination" },
		{ TARE_NAME_STOP_REASON, 7, "read stats" },
		{ TARE_NAME_STOP_REASON, 12, "test" },
		{ TARE_NAME_GC_PHASE, 0, "off" },
		{ TARE_NAME_GC_PHASE, 1, "mark" },
		{ TARE_NAME_GC_PHASE, 2, "mark termination" },
		{ TARE_NAME_GC_PHASE, 3, "sweep" },
		{ TARE_NAME_WAIT_REASON, 0, "other" },
		{ TARE_NAME_WAIT_REASON, 1, "chan send" },
		{ TARE_NAME_WAIT_REASON, 2, "chan receive" },
		{ TARE_NAME_WAIT_REASON, 3, "select" },
		{ TARE_NAME_WAIT_REASON, 4, "mutex" },
		{ TARE_NAME_WAIT_REASON, 5, "wait group" },
		{ TARE_NAME_WAIT_REASON, 6, "sleep" },
		{ TARE_NAME_WAIT_REASON, 7, "network" },
		{ TARE_NAME_WAIT_REASON, 8, "GC" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		say(all[i].kind, all[i].nr, all[i].name, ctx);
}

const struct runtime runtime_weft = {
	.name = "weft",
	.green_thread = "goroutine",
	.preempt_signal = SIGURG,
	.costs = weft_costs,
	.recognise = recognise,
	.open = weft__open,
	.probes = weft__probes,
	.counters = weft__counters,
	.memory = weft__memory,
	.last_counters = weft__last_counters,
	.names = weft__names,
	.allocators = weft__allocators,
	.close = free,
};
