// SPDX-License-Identifier: BSD-2-Clause
/* Threads that are stopped: by a signal, a debugger, or the cgroup freezer. */
#include <stdio.h>
#include <string.h>

#include "switch.h"

/* Without a stop record: the reason's index, REASON_OTHER if @state is not a stop. */
static uint32_t reason_of_state(uint32_t state)
{
	switch (state) {
	case TARE_STATE_STOPPED:
	case TARE_STATE_TRACED:
		return REASON_STOPPED;
	case TARE_STATE_FROZEN:
		return REASON_FROZEN;
	default:
		return REASON_OTHER;
	}
}

/* A recording has few stop reasons. REASON_OTHER if @state is not a stop. */
static uint32_t switches__stop_reason(struct switches *s, uint8_t state, bool sleepers, uint32_t signal,
				      const char *cgroup)
{
	struct reason new = { .kind = REASON_STOP, .state = state, .signal = signal, .sleepers = sleepers };
	uint32_t i = REASON_SYSCALL;

	if (reason_of_state(new.state) == REASON_OTHER)
		return REASON_OTHER;
	strncat(new.cgroup, cgroup, TARE_CGROUP_LEN);
	for (; i < s->nr_reasons; i++) {
		const struct reason *r = &s->reasons[i];

		if (r->kind == REASON_STOP && r->state == new.state && r->signal == new.signal &&
		    r->sleepers == new.sleepers && !strcmp(r->cgroup, new.cgroup))
			return i;
	}
	if (i == MAX_REASONS)
		return reason_of_state(new.state);
	s->reasons[s->nr_reasons++] = new;
	return i;
}

int switches__stop(struct switches *s, const struct event *ev)
{
	struct thread *t = threads__find(&s->threads, ev->stop.tid);

	if (t && ev->ts_ns >= t->born_ns)
		t->stopping =
			switches__stop_reason(s, ev->stop.state, ev->stop.sleepers, ev->stop.signal, ev->stop.cgroup);
	return 0;
}

uint32_t switches__found_stopped(struct switches *s, const struct tare_task *task)
{
	return switches__stop_reason(s, task->stop & TARE_STOP_STATE, task->stop & TARE_STOP_SLEEPERS, task->signal,
				     task->cgroup);
}

uint32_t switches__stopped_by(const struct switches *s, uint32_t tid, uint8_t state)
{
	const struct thread *t = threads__find(&s->threads, tid);
	uint32_t by = reason_of_state(state);

	return by && t && t->stopping ? t->stopping : by;
}

/* A name this long is usually a hex id; a few of its digits will do. */
#define LONG_NAME   48
#define SHORT_BEGIN 28
#define SHORT_END   14
static void frozen_text(const char *cgroup, char *buf, size_t size)
{
	size_t len = strlen(cgroup);

	if (len > LONG_NAME)
		snprintf(buf, size, "frozen (cgroup %.*s..%s)", SHORT_BEGIN, cgroup, cgroup + len - SHORT_END);
	else
		snprintf(buf, size, "frozen (cgroup %s)", cgroup);
}

bool reason__stop_text(const struct reason *r, char *buf, size_t size)
{
	const char *name;

	if (r->kind != REASON_STOP && r->kind != REASON_STOPPED && r->kind != REASON_FROZEN)
		return false;
	name = r->state == TARE_STATE_STOPPED ? sigabbrev_np(r->signal) : NULL;
	if (name)
		snprintf(buf, size, "stopped by SIG%s", name);
	else if (r->state == TARE_STATE_TRACED)
		snprintf(buf, size, "stopped by a debugger");
	else if (r->cgroup[0])
		frozen_text(r->cgroup, buf, size);
	else
		snprintf(buf, size, "%s",
			 r->kind == REASON_FROZEN || r->state == TARE_STATE_FROZEN ? "frozen" : "stopped");
	return true;
}

static const struct reason *switches__stop_of(const struct switches *s, uint64_t detail)
{
	return detail >= DETAIL_STOP(0) && detail < DETAIL_STOP(s->nr_reasons) ? &s->reasons[detail & UINT32_MAX] :
										 NULL;
}

bool switches__freezes_sleepers(const struct switches *s, uint64_t detail)
{
	const struct reason *r = switches__stop_of(s, detail);

	return r && r->sleepers;
}

bool switches__stop_text(const struct switches *s, uint64_t detail, char *buf, size_t size)
{
	const struct reason *r = switches__stop_of(s, detail);

	return r && reason__stop_text(r, buf, size);
}
