/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of a recording that was asked for: a stretch of time, a process, threads of a name. An event passes or not,
 * or, if it is of two threads, loses one of them; exporters never know. Descriptions always pass.
 */
#ifndef TARE_CHOICE_H
#define TARE_CHOICE_H

#include "event.h"
#include "readings.h"
#include "standing.h"
#include "table.h"
#include "totals.h"

struct model;

/* As asked for; all may be NULL or 0. */
struct choice_opts {
	/* "1.5", "500ms": since the recording began; "14:30:01.5", "2026-01-31 14:30": by the wall */
	const char *from, *to;
	uint32_t pid;
	const char *thread; /* its name at that time */
	uint32_t pause;	    /* from shortly before the N-th longest to shortly after it */
};

struct choice {
	uint64_t from_ns, to_ns;
	uint32_t pid;
	const char *thread;
	struct table processes; /* tid to its process */
	struct table named;	/* tids with that name */
	struct standing standing;
	struct totals totals;
	struct readings readings;
	uint64_t begin_ns; /* of the recording */
	bool begun;	   /* what stood at .from_ns has been told */
	uint64_t passed;   /* events of the stretch, since the recording was last begun */
};

bool choice_opts__any(const struct choice_opts *o);

/*
 * What @o means in the finished recording @m. Returns 0, or -EINVAL after saying what is wrong with it. Free it in any
 * case.
 */
int choice__init(struct choice *c, const struct choice_opts *o, const struct model *m);
/* What happened from @from_ns to @to_ns, by the recording's own clock. Free it. */
void choice__between(struct choice *c, uint64_t from_ns, uint64_t to_ns);
void choice__free(struct choice *c);

/* The recording is read again, from its beginning. */
void choice__rewind(struct choice *c);

typedef int (*choice_emit)(void *ctx, const struct event *ev);

/* Give what passes of @ev to @emit. Returns 0, -ENOMEM, or what @emit returned. */
int choice__event(struct choice *c, const struct event *ev, choice_emit emit, void *ctx);

#endif /* TARE_CHOICE_H */
