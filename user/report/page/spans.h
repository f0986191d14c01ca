/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each target thread did when, as it is drawn: on a CPU, waiting for one, throttled, or asleep. A fold over the
 * events of a recording that keeps nothing of a span once it is told.
 */
#ifndef TARE_SPANS_H
#define TARE_SPANS_H

#include "model.h"

enum span_kind { SPAN_ON_CPU, SPAN_RUNQUEUE, SPAN_THROTTLED, SPAN_ASLEEP, NR_SPANS };

struct span {
	uint64_t from_ns, to_ns; /* from < to */
	uint32_t tid, tgid;
	enum span_kind kind;
	uint16_t cpu;		   /* on it, or waiting for it; SPAN_ASLEEP: none */
	uint32_t reason;	   /* why it is off a CPU: index into .reasons of .switches */
	const struct moves *moves; /* SPAN_RUNQUEUE: between CPUs; valid until .take returns; NULL: none known */
};

struct spans {
	struct switches *switches; /* .history has who had the CPUs in each span that is told */
	void (*take)(void *ctx, const struct span *span);
	void *ctx;
};

/* @whole: the same recording, finished; needed only now. Returns 0 or -ENOMEM; to be freed in any case. */
int spans__init(struct spans *s, const struct model *whole, void (*take)(void *ctx, const struct span *span),
		void *ctx);
void spans__free(struct spans *s);

/* Take the next event, of any kind; calls .take for each span that it ends. Returns 0 or -ENOMEM. */
int spans__event(struct spans *s, const struct event *ev);

/* No more events: what goes on lasts until @end_ns. */
void spans__finish(struct spans *s, uint64_t end_ns);

#endif /* TARE_SPANS_H */
