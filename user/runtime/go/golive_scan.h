/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the search for globals share. */
#ifndef TARE_GOLIVE_SCAN_H
#define TARE_GOLIVE_SCAN_H

#include "golive_impl.h"

/* One writable segment as it is now; what cannot be read of it is zero. */
struct area {
	uint64_t start;
	size_t size;
	char *data;
};

struct scan {
	struct go_live *live;
	struct area *areas;
	size_t nr;
	uint64_t *ms, m0; /* the Ms once they are known; the first of all is a global itself */
	int nr_ms;
};

/* May the bytes @p, which are at @addr of the process, be it? */
typedef bool (*fits_fn)(const struct scan *sc, const char *p, uint64_t addr);

/*
 * The first place behind @after that @fits the data and passes the trial on the
 * process, 0: none. What the trial refuses is no problem.
 */
int scan__find(struct scan *sc, uint64_t after, size_t len, fits_fn fits,
	       int (*try)(struct go_live *live, uint64_t addr), uint64_t *found);

/* Has the layout what a search reads? What is missing was said by the trials. */
bool scan__has_all(const struct go_live *live, const enum go_field *f, size_t nr);

/* memstats and gcController; in golive_scan_heap.c. Returns 0, -ESRCH, -EPERM. */
int scan__memory(struct scan *sc, struct go_globals *found);

#endif /* TARE_GOLIVE_SCAN_H */
