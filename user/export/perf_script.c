// SPDX-License-Identifier: BSD-2-Clause
/*
 * The output of `perf script` for sched:sched_switch and sched:sched_waking, line for line. No header, and exactly six
 * decimals: importers insist on both.
 *
 * Lines must be in time order, but a wake-up is only known at the switch that it leads to. So lines wait in a window, a
 * heap by time, until it is full.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "schedule.h"
#include "util.h"

#define WINDOW 65536 /* lines held back */

struct waiting {
	uint64_t ts_ns, seq; /* at the same time, in order of arrival */
	uint32_t slot;
};

struct script {
	FILE *to;
	struct sched sched;
	struct sched_event *slots; /* WINDOW of them */
	struct waiting *heap;
	uint32_t nr;
	uint64_t seq, last_ns, late;
};

static const char *state_name(uint32_t state)
{
	static const char *const names[] = { "S", "D", "T", "t", "X", "Z", "P", "I" };

	if (state & SCHED_PREEMPTED)
		return "R+";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (state & 1u << i)
			return names[i];
	}
	return "R";
}

/*
 * A name that importers can parse. They find its end by the number that follows, so only its first word may start like
 * one of the next fields, and it must not begin or end with a space.
 */
static const char *script_name(const struct sched_task *t, char buf[SCHED_COMM_SIZE])
{
	size_t len = strlen(t->comm);

	if (!t->tid)
		return "swapper";
	memcpy(buf, t->comm, len + 1);
	for (size_t i = 0; i < len; i++) {
		if (buf[i] == ' ' && (!i || (buf[i + 1] >= '0' && buf[i + 1] <= '9') || strchr(" [", buf[i + 1])))
			buf[i] = '_';
	}
	return buf;
}

static int script__print(struct script *s, const struct sched_event *ev)
{
	const struct sched_task *who = &ev->who, *whom = &ev->whom;
	uint64_t us = ev->ts_ns / 1000;
	char name[SCHED_COMM_SIZE];
	int n;

	errno = EIO;
	n = fprintf(s->to, "%16s %" PRIu32 "/%" PRIu32 " [%03u] %" PRIu64 ".%06" PRIu64 ":          1 ",
		    script_name(who, name), who->tgid, who->tid, ev->cpu, us / 1000000, us % 1000000);
	if (n < 0)
		return -errno;
	if (ev->kind == SCHED_SWITCH)
		n = fprintf(s->to,
			    "sched:sched_switch: prev_comm=%s prev_pid=%" PRIu32 " prev_prio=%d prev_state=%s ==> "
			    "next_comm=%s next_pid=%" PRIu32 " next_prio=%d\n",
			    who->comm, who->tid, SCHED_PRIO, state_name(ev->prev_state), whom->comm, whom->tid,
			    SCHED_PRIO);
	else
		n = fprintf(s->to, "sched:sched_waking: comm=%s pid=%" PRIu32 " prio=%d target_cpu=%03u\n", whom->comm,
			    whom->tid, SCHED_PRIO, ev->target_cpu);
	return n < 0 ? -errno : 0;
}

/* ---- the window ---- */

static bool before(const struct waiting *a, const struct waiting *b)
{
	return a->ts_ns != b->ts_ns ? a->ts_ns < b->ts_ns : a->seq < b->seq;
}

static void script__sift_up(struct script *s, uint32_t i)
{
	struct waiting w = s->heap[i];

	for (; i && before(&w, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = w;
}

static void script__sift_down(struct script *s)
{
	struct waiting w = s->heap[0];
	uint32_t i = 0, child;

	for (; (child = 2 * i + 1) < s->nr; i = child) {
		if (child + 1 < s->nr && before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!before(&s->heap[child], &w))
			break;
		s->heap[i] = s->heap[child];
	}
	s->heap[i] = w;
}

/* Print the oldest line and free its slot. */
static int script__pop(struct script *s, uint32_t *slot)
{
	*slot = s->heap[0].slot;
	s->last_ns = s->heap[0].ts_ns;
	s->heap[0] = s->heap[--s->nr];
	if (s->nr)
		script__sift_down(s);
	return script__print(s, &s->slots[*slot]);
}

static int script__sched(void *ctx, const struct sched_event *ev)
{
	struct script *s = ctx;
	uint32_t slot = s->nr;
	int ret;

	if (ev->kind != SCHED_SWITCH && ev->kind != SCHED_WAKING)
		return 0;
	if (ev->ts_ns < s->last_ns) {
		s->late++;
		return script__print(s, ev);
	}
	if (s->nr == WINDOW) {
		ret = script__pop(s, &slot);
		if (ret)
			return ret;
	}
	s->slots[slot] = *ev;
	s->heap[s->nr] = (struct waiting){ ev->ts_ns, s->seq++, slot };
	script__sift_up(s, s->nr++);
	return 0;
}

/* ---- the exporter ---- */

static void script__free(struct script *s)
{
	sched__free(&s->sched);
	free(s->slots);
	free(s->heap);
	free(s);
}

static int script__begin(FILE *to, const struct export_opts *opts, void **state)
{
	struct script *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->to = to;
	s->sched.emit = script__sched;
	s->sched.ctx = s;
	s->slots = calloc(WINDOW, sizeof(*s->slots));
	s->heap = calloc(WINDOW, sizeof(*s->heap));
	if (!s->slots || !s->heap) {
		script__free(s);
		return -ENOMEM;
	}
	*state = s;
	return 0;
}

static int script__event(void *state, const struct event *ev)
{
	struct script *s = state;

	return sched__event(&s->sched, ev);
}

static int script__end(void *state)
{
	struct script *s = state;
	uint32_t slot;
	int ret = 0;

	while (s->nr && !ret && !ferror(s->to))
		ret = script__pop(s, &slot);
	if (s->late)
		info("%" PRIu64 " lines are out of order: threads waited for longer than %d lines", s->late, WINDOW);
	script__free(s);
	return ret;
}

const struct exporter exporter_perf_script = {
	.name = "perf-script",
	.what = "the lines that `perf script` prints of sched_switch and sched_waking",
	.begin = script__begin,
	.event = script__event,
	.end = script__end,
};
