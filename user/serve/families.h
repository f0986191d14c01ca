/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is served: families of figures, each with a point for every set of labels. Labels are a closed set: never a
 * thread's name, a goroutine, or anything else whose values have no bound. Whoever writes them in some format is a
 * sink.
 */
#ifndef TARE_SERVE_FAMILIES_H
#define TARE_SERVE_FAMILIES_H

#include "fold.h"

enum family_type { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_HISTOGRAM };
enum family_unit { FAMILY_PLAIN, FAMILY_SECONDS, FAMILY_BYTES };

struct family {
	const char *name; /* as OpenMetrics has it: with the unit, without "_total" */
	enum family_type type;
	enum family_unit unit;
	const char *help;
};

struct family_point {
	const struct labels *labels; /* NULL: it is about the recorder */
	const char *key, *value;     /* one more label; NULL: none */
	uint64_t since_ns;	     /* when it began to count, CLOCK_MONOTONIC */
	uint64_t number;	     /* of a family in seconds: ns; unless it is a histogram */
	const struct buckets *buckets;
};

struct family_sink {
	/* Its points follow, if there are any. */
	void (*family)(void *ctx, const struct family *family);
	void (*point)(void *ctx, const struct family *family, const struct family_point *point);
	void *ctx;
};

/* What the fold does not know. */
struct families_self {
	uint64_t cpu_ns;	 /* of this process */
	uint64_t left_out;	 /* frames that the fold did not get */
	uint64_t recordings;	 /* kept so far of bad moments; TARE_UNKNOWN: not asked for */
	uint64_t recorded_bytes; /* that the folder holds */
	/* what was pushed, see push.h; .sent TARE_UNKNOWN: not asked for */
	uint64_t sent, failed, dropped, rejected_points;
};

/*
 * Tell @sink all that there is, under the fold's lock, which this takes. Series of processes that have ended are told
 * for the last time to @scraper, some number for who asks; 0: to the one that figures are pushed to.
 */
void families__tell(struct fold *f, const struct families_self *self, uint64_t scraper, const struct family_sink *sink);

#endif /* TARE_SERVE_FAMILIES_H */
