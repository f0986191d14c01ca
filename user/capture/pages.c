// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "event.h"
#include "modules.h"
#include "pages.h"
#include "util.h"

#define SHARE	 50 /* looked up for 1/SHARE of the time */
#define MAX_TEXT 1024

void pages__init(struct pages *p)
{
	*p = (struct pages){ 0 };
	table__init(&p->seen, PAGES_MAX);
}

void pages__free(struct pages *p)
{
	table__free(&p->seen);
	free(p->pending);
}

void pages__on_record(struct pages *p, const struct tare_rec *rec)
{
	uint64_t address, *seen;
	struct event ev;

	if (rec->kind != TARE_REC_FAULT || event__decode(rec, record__len(rec), &ev) <= 0)
		return;
	address = ev.fault.address & TARE_PAGE_MASK;
	/* a collision means a missing name, never a wrong one */
	seen = address ? table__add(&p->seen, table__address_key(ev.fault.tgid, address)) : NULL;
	if (!seen || *seen)
		return;
	if (ARRAY_GROW(p->pending, p->room, p->nr + 1))
		return;
	*seen = 1;
	p->pending[p->nr++] = (struct page){ ev.fault.tgid, address };
}

struct lookup {
	struct writer *w;
	struct page *first; /* those of one process */
	size_t nr;
};

static int on_mapping(const struct mapping *m, void *ctx)
{
	struct lookup *l = ctx;

	for (size_t i = 0; i < l->nr; i++) {
		struct page *page = &l->first[i];
		struct tare_page head = { .pid = page->pid,
					  .address = page->address,
					  .name_len = strnlen(m->name, MAX_TEXT) };

		if (!page->address || page->address < m->start || page->address >= m->end)
			continue;
		writer__named(l->w, TARE_FRAME_PAGES, &head, sizeof(head), m->name, head.name_len);
		page->address = 0;
	}
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

void pages__write(struct pages *p, struct writer *w)
{
	size_t from = 0;

	if (p->nr)
		qsort(p->pending, p->nr, sizeof(*p->pending), by_pid);
	while (from < p->nr) {
		struct lookup l = { .w = w, .first = &p->pending[from] };

		while (from + l.nr < p->nr && p->pending[from + l.nr].pid == l.first->pid)
			l.nr++;
		mappings__for_each(l.first->pid, on_mapping, &l);
		from += l.nr;
	}
	p->nr = 0;
}

void pages__tick(struct pages *p, struct writer *w, uint64_t now)
{
	uint64_t began;

	if (!p->nr || now < p->next_ns)
		return;
	began = thread_cpu_ns();
	pages__write(p, w);
	/* by CPU time: on a busy machine the mappings do not wait either */
	p->next_ns = now + SHARE * (thread_cpu_ns() - began);
}
