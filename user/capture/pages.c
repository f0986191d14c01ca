// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "event.h"
#include "modules.h"
#include "pages.h"
#include "util.h"

#define SHARE	 50 /* looked up for 1/SHARE of the time */
#define MAX_TEXT 1024

/* Of a page's value: it is noted. The rest: a hash of its program and name as written last; 0: nothing was. */
#define NOTED (1ull << 63)

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

void pages__on_record(struct pages *p, const struct tare_rec *rec, uint64_t ts_ns)
{
	uint64_t address, *seen;
	struct event ev;

	if (rec->kind != TARE_REC_FAULT || event__decode(rec, record__len(rec), &ev) <= 0)
		return;
	address = ev.fault.address & TARE_PAGE_MASK;
	/* a collision means a missing name, never a wrong one */
	seen = address ? table__add(&p->seen, table__address_key(ev.fault.tgid, address)) : NULL;
	if (!seen || *seen & NOTED)
		return;
	if (ARRAY_GROW(p->pending, p->room, p->nr + 1))
		return;
	*seen |= NOTED;
	p->pending[p->nr++] = (struct page){ .pid = ev.fault.tgid, .address = address, .ts_ns = ts_ns };
}

struct lookup {
	struct pages *p;
	const struct bpf *bpf;
	struct writer *w;
	struct page *first; /* those of one process */
	size_t nr;
	uint64_t since_ns; /* when its program began */
};

static uint64_t hash_of(uint64_t since_ns, const char *name)
{
	uint64_t hash = 14695981039346656037ull ^ since_ns; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211ull;
	return (hash | 1) & ~NOTED;
}

static int on_mapping(const struct mapping *m, void *ctx)
{
	uint64_t since_ns, *seen, hash = 0;
	struct lookup *l = ctx;

	for (size_t i = 0; i < l->nr; i++) {
		struct page *page = &l->first[i];
		struct tare_page head = { .pid = page->pid,
					  .address = page->address,
					  .name_len = strnlen(m->name, MAX_TEXT) };

		if (page->done || page->address < m->start || page->address >= m->end)
			continue;
		/* is it still that program whose mapping was just read? */
		if (!hash && (bpf__program_ns(l->bpf, page->pid, &since_ns) || since_ns != l->since_ns))
			return -ESRCH;
		hash = hash ?: hash_of(since_ns, m->name);
		seen = table__find(&l->p->seen, table__address_key(page->pid, page->address));
		page->done = true;
		/* in the same mapping as ever, or of a program before */
		if (!seen || (*seen & ~NOTED) == hash || page->ts_ns < since_ns)
			continue;
		*seen = hash | NOTED;
		writer__named(l->w, TARE_FRAME_PAGES, page->ts_ns, &head, sizeof(head), m->name, head.name_len);
	}
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static void forget_noted(struct pages *p)
{
	for (size_t i = 0; i < p->nr; i++) {
		uint64_t *seen = table__find(&p->seen, table__address_key(p->pending[i].pid, p->pending[i].address));

		if (seen)
			*seen &= ~NOTED;
	}
	p->nr = 0;
}

void pages__write(struct pages *p, const struct bpf *bpf, struct writer *w)
{
	size_t from = 0;

	if (p->nr)
		qsort(p->pending, p->nr, sizeof(*p->pending), by_pid);
	while (from < p->nr) {
		struct lookup l = { .p = p, .bpf = bpf, .w = w, .first = &p->pending[from] };

		while (from + l.nr < p->nr && p->pending[from + l.nr].pid == l.first->pid)
			l.nr++;
		if (!bpf__program_ns(bpf, l.first->pid, &l.since_ns))
			mappings__for_each(l.first->pid, on_mapping, &l);
		from += l.nr;
	}
	forget_noted(p);
}

void pages__tick(struct pages *p, const struct bpf *bpf, struct writer *w, uint64_t now)
{
	uint64_t began;

	if (!p->nr || now < p->next_ns)
		return;
	began = thread_cpu_ns();
	pages__write(p, bpf, w);
	/* by CPU time: on a busy machine the mappings do not wait either */
	p->next_ns = now + SHARE * (thread_cpu_ns() - began);
}
