// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session_impl.h"
#include "util.h"

/* The rings are empty: make sure that a recording can begin here. */
static void session__mark(struct session *s, uint64_t now)
{
	struct tare_task *tasks = NULL;
	uint32_t nr = 0;
	int ret;

	program_cost__write(&s->cost, s->writer, now);
	memory_calls__write(&s->calls, s->writer);
	ret = bpf__snapshot(&s->bpf, 2, &tasks, &nr);
	if (ret)
		warn("cannot list the target's threads: %s", strerror(-ret));
	else
		flight__mark(&s->flight, tasks, nr);
	free(tasks);
	runtimes__read(&s->runtimes, now, false);
	heap_reader__mark(&s->heaps, s->writer);
}

static void session__drain_meanwhile(void *ctx)
{
	struct session *s = ctx;

	rings__drain(s->rings, s->writer);
}

bool session__is_triggered(const struct session *s)
{
	uint64_t begin_ns, end_ns;

	return s->oom_kill ||
	       (s->opts->listener && s->opts->listener->wants_end(s->opts->listener->ctx, &begin_ns, &end_ns));
}

/* What the file begins with: the last seconds, or those before the pause that caused it. */
static uint64_t session__since(const struct session *s)
{
	uint64_t span = s->opts->flight_ns, begin_ns = UINT64_MAX, end_ns = s->ended_ns, since;

	if (s->opts->listener)
		s->opts->listener->wants_end(s->opts->listener->ctx, &begin_ns, &end_ns);
	since = end_ns > span ? end_ns - span : 0;
	return begin_ns < since ? begin_ns : since;
}

/* Neither the rest of the recording nor its analysis may see an end. */
static void session__apart(struct session *s, bool on)
{
	const struct session_listener *listener = s->opts->listener;

	flight_buffer__once(s->flight.buffer, on);
	if (listener)
		writer__tee(s->writer, on ? NULL : listener->frame, listener->ctx);
}

/* Write what is held, with an end, and go on. */
static void session__dump(struct session *s)
{
	struct heap_sources heaps = session__heap_sources(s);
	const struct flight_series *series = s->opts->series;
	int ret;

	s->flight.path = s->opts->output;
	if (series) {
		s->flight.path = series->next(series->ctx);
		if (!s->flight.path) {
			series->written(series->ctx, -ENAMETOOLONG);
			return;
		}
	}
	session__apart(s, true);
	session__snapshot(s, 1);
	session__apart(s, false);
	memory_calls__write(&s->calls, s->writer);
	runtimes__read(&s->runtimes, now_ns(), false);
	heap_reader__write(&s->heaps, &heaps, now_ns());
	stacks__write(&s->stacks, s->writer);
	rings__drain(s->rings, s->writer);
	session__write_findings(s, 0);
	session__apart(s, true);
	session__end_frame(s, now_ns());
	session__apart(s, false);
	ret = flight__write(&s->flight, session__since(s), program_cost__lost(&s->cost), session__drain_meanwhile, s);
	if (series)
		series->written(series->ctx, ret);
	else
		s->dump_error = ret ?: s->dump_error;
}

void session__flight(struct session *s, uint64_t now)
{
	if (!s->flight.buffer)
		return;
	if (s->dump || (s->opts->series && session__is_triggered(s))) {
		session__dump(s);
		s->dump = s->oom_kill = false;
	}
	if (flight_buffer__wants_mark(s->flight.buffer, now))
		session__mark(s, now);
}

int session__land(struct session *s)
{
	char span[16];

	if (s->opts->series)
		return 0;
	if (s->stop == TARE_END_INTERRUPT || s->stop == TARE_END_TRIGGER || session__is_triggered(s) ||
	    !s->opts->flight_waits)
		return flight__write(&s->flight, session__since(s), program_cost__lost(&s->cost), NULL, NULL) ?:
			       s->dump_error;
	fprintf(stderr, "tare: nothing happened that the last %s should be written for\n",
		fmt_ns(s->opts->flight_ns, span));
	return s->dump_error;
}
