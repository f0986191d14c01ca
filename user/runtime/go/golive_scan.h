/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the search for globals share. */
#ifndef TARE_GOLIVE_SCAN_H
#define TARE_GOLIVE_SCAN_H

#include "golive_impl.h"

/* One writable segment as it is now; unreadable parts are zero. */
struct area {
	uint64_t start;
	size_t size;
	char *data;
};

struct scan {
	struct go_live *live;
	struct area *areas;
	size_t nr;
	uint64_t *ms, m0; /* the Ms, once known; the first of all is a global itself */
	int nr_ms;
};

/* Can the bytes @p, at @addr of the process, be it? */
typedef bool (*fits_fn)(const struct scan *sc, const char *p, uint64_t addr);

/*
 * The first place after @after that @fits accepts and that passes the trial on the process; 0: none. A failed trial is
 * not noted as a problem.
 */
int scan__find(struct scan *sc, uint64_t after, size_t len, fits_fn fits,
	       int (*try)(struct go_live *live, uint64_t addr), uint64_t *found);

/* Does the layout have what a search reads? The trials have noted what is missing. */
bool scan__has_all(const struct go_live *live, const enum go_field *f, size_t nr);

/* memstats and gcController; in golive_scan_heap.c. Returns 0, -ESRCH, -EPERM. */
int scan__memory(struct scan *sc, struct go_globals *found);

#endif /* TARE_GOLIVE_SCAN_H */
