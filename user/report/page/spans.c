// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "spans.h"
#include "util.h"

int spans__init(struct spans *s, const struct model *whole, void (*take)(void *ctx, const struct span *span), void *ctx)
{
	*s = (struct spans){ .switches = malloc(sizeof(*s->switches)), .take = take, .ctx = ctx };
	if (!s->switches)
		return -ENOMEM;
	switches__init(s->switches);
	s->switches->arch = whole->header.arch;
	s->switches->names.recorder = whole->switches.names.recorder;
	return 0;
}

void spans__free(struct spans *s)
{
	if (s->switches)
		switches__free(s->switches);
	free(s->switches);
}

static void tell(struct spans *s, const struct thread *t, enum span_kind kind, uint64_t from_ns, uint64_t to_ns,
		 uint16_t cpu)
{
	struct span span = {
		.from_ns = from_ns,
		.to_ns = to_ns,
		.tid = t->tid,
		.tgid = t->tgid,
		.kind = kind,
		.cpu = cpu,
		.reason = t->reason,
		.moves = kind == SPAN_RUNQUEUE ? &t->moves : NULL,
	};

	if (from_ns < to_ns)
		s->take(s->ctx, &span);
}

/* @t was off a CPU until @to_ns: at the end it waited, first for its quota, as the accounts have it. */
static void tell_off(struct spans *s, const struct thread *t, uint64_t wait_ns, uint64_t throttled_ns, uint64_t to_ns,
		     uint16_t cpu)
{
	uint64_t off = to_ns - t->last_ns, wait = wait_ns < off ? wait_ns : off;
	uint64_t throttled = throttled_ns < wait ? throttled_ns : wait, at = to_ns - wait;

	if (!t->runnable)
		tell(s, t, SPAN_ASLEEP, t->last_ns, at, cpu);
	tell(s, t, SPAN_THROTTLED, at, at + throttled, cpu);
	tell(s, t, SPAN_RUNQUEUE, at + throttled, to_ns, cpu);
}

static void leaves(struct spans *s, const struct event *ev)
{
	const struct thread *t = threads__find(&s->switches->threads, ev->sw.prev_tid);

	if (t && t->state == THREAD_ON && ev->ts_ns > t->last_ns)
		tell(s, t, SPAN_ON_CPU, t->last_ns, ev->ts_ns, ev->cpu);
}

static void arrives(struct spans *s, const struct event *ev)
{
	const struct thread *t = threads__find(&s->switches->threads, ev->sw.next_tid);

	if (!t || t->state != THREAD_OFF || ev->ts_ns <= t->last_ns)
		return;
	tell_off(s, t,
		 ev->sw.has_wait ? ev->sw.wait_ns :
		 t->runnable	 ? UINT64_MAX :
				   0,
		 ev->sw.throttled_ns, ev->ts_ns, ev->cpu);
}

/* Those that threads and their switches are made of. */
static int (*const folds[])(struct switches *s, const struct event *ev) = {
	[EVENT_SWITCH] = switches__switch, [EVENT_TASK] = switches__task, [EVENT_NAME] = switches__name,
	[EVENT_FORK] = switches__fork,	   [EVENT_EXEC] = switches__exec, [EVENT_EXIT] = switches__exit,
	[EVENT_RENAME] = switches__rename, [EVENT_STOP] = switches__stop, [EVENT_MIGRATE] = switches__migrate,
};

int spans__event(struct spans *s, const struct event *ev)
{
	int ret = 0;

	if (ev->kind >= ARRAY_SIZE(folds) || !folds[ev->kind])
		return 0;
	if (ev->kind == EVENT_SWITCH) {
		ret = cpu_history__switch(&s->switches->history, &s->switches->names, ev);
		if (!ret && ev->sw.prev_target)
			leaves(s, ev);
		if (!ret && ev->sw.next_target)
			arrives(s, ev);
	}
	return ret ?: folds[ev->kind](s->switches, ev);
}

void spans__finish(struct spans *s, uint64_t end_ns)
{
	const struct threads *ts = &s->switches->threads;

	for (uint32_t i = 0; i < ts->nr_rows; i++) {
		const struct thread *t = ts->rows[i];

		if (t->exited || t->last_ns >= end_ns)
			continue;
		if (t->state == THREAD_ON)
			tell(s, t, SPAN_ON_CPU, t->last_ns, end_ns, t->cpu);
		else if (t->state == THREAD_OFF)
			tell_off(s, t, t->runnable ? UINT64_MAX : 0, t->reason == REASON_THROTTLED ? UINT64_MAX : 0,
				 end_ns, t->cpu);
	}
}
