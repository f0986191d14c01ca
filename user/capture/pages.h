/* SPDX-License-Identifier: BSD-2-Clause */
/* What the pages that targets fault in belong to: looked up while the mappings are there. */
#ifndef TARE_PAGES_H
#define TARE_PAGES_H

#include "bpf.h"
#include "table.h"
#include "writer.h"

#define PAGES_MAX 16384 /* in a recording; further ones keep their number */

struct page {
	uint32_t pid;
	bool done;
	uint64_t address, ts_ns; /* of the fault */
};

struct pages {
	struct table seen; /* by page: what was written last, see pages.c */
	struct page *pending;
	size_t nr, room;
	uint64_t next_ns; /* when they may be looked up again */
};

void pages__init(struct pages *p);
void pages__free(struct pages *p);

/* Note the page that a record of @ts_ns is about, if it is about one. */
void pages__on_record(struct pages *p, const struct tare_rec *rec, uint64_t ts_ns);

/*
 * Write what the pages noted since the last call belong to (PAGES frames), for processes that are still there, unless
 * it is what was written last.
 */
void pages__write(struct pages *p, const struct bpf *bpf, struct writer *w);

/* Likewise, for each round: takes only a small part of the time. */
void pages__tick(struct pages *p, const struct bpf *bpf, struct writer *w, uint64_t now);

#endif /* TARE_PAGES_H */
