/* SPDX-License-Identifier: BSD-2-Clause */
/* Formats for other tools. To add one, add a file and a name in EXPORTERS. */
#ifndef TARE_EXPORT_H
#define TARE_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "event.h"

struct merged;
struct model;

#define PAUSES_KEPT (1u << 20) /* by exports: the longest ones */

struct export_opts {
	const char *weight; /* what sums by stack are of; NULL: the first there is */
	/* only for those that read a recording twice: all of it, and how many events there are of each kind */
	const struct model *whole;
	uint64_t events[NR_EVENTS], runtime_events[TARE_NR_RT_EVENTS];
	struct merged *merged; /* only for those that take one; NULL: none. The caller's */
};

/*
 * Events come in the order of reader__next(). Each function returns 0 or a negative errno; if writing to the file
 * failed, that error.
 */
struct exporter {
	const char *name, *what;
	/* what names of such files end in, separated by blanks; one without a dot in front is a whole name. NULL: none
	 */
	const char *endings;
	bool binary;	     /* not fit for a terminal */
	bool compressed;     /* by itself */
	const char *weights; /* those that it takes, separated by ", "; NULL: none */
	bool twice;	     /* must know the whole recording before its first event */
	bool merges;	     /* takes a runtime's own trace of the run, see merged.h */
	bool seeks;	     /* goes back in the file: not fit for a pipe */
	/* Write the schema of what it writes; 0 or a negative errno. NULL: it has none. */
	int (*schema)(FILE *to);
	/*
	 * Start writing to @to, which still belongs to the caller. Sets *@state; after a failure there is nothing to
	 * free.
	 */
	int (*begin)(FILE *to, const struct export_opts *opts, void **state);
	int (*event)(void *state, const struct event *ev);
	/* Write what is pending, unless writing failed before. Always frees @state. */
	int (*end)(void *state);
};

/*
 * For an exporter with .twice: take each event of the recording into @m, a new model that must live as long as the
 * export, and then say that this is all. Fills in @opts. Returns 0 or -ENOMEM.
 */
int export__take(struct export_opts *opts, struct model *m, const struct event *ev);
void export__taken(struct export_opts *opts, struct model *m);

/* How long a thread of the finished recording @m waited at most from its wake-up until it ran, ns. */
uint64_t export__longest_wait(const struct model *m);

/* exporter_NAME for each, in the order shown to the user */
#define EXPORTERS(X)     \
	X(perfetto)      \
	X(chrome)        \
	X(perf)          \
	X(perf_script)   \
	X(pprof)         \
	X(folded)        \
	X(otlp_profiles) \
	X(otlp_metrics)  \
	X(json_lines)

#define DECLARE_EXPORTER(name) extern const struct exporter exporter_##name;
EXPORTERS(DECLARE_EXPORTER)
#undef DECLARE_EXPORTER

#endif /* TARE_EXPORT_H */
