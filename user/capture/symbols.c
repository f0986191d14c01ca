// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "event.h"
#include "modules.h"
#include "runtime.h"
#include "symbols.h"
#include "symtab.h"
#include "util.h"

#define MAX_TEXT 1024 /* of a function's or a file's name */

void symbols__init(struct symbols *s)
{
	*s = (struct symbols){ 0 };
	table__init(&s->began, SYMBOLS_MAX);
	table__init(&s->seen, SYMBOLS_MAX);
}

/* A process is born, or becomes another program. */
static void note_begin(struct symbols *s, uint32_t pid, uint64_t ts_ns)
{
	uint64_t *began = table__add(&s->began, pid);

	if (began && *began < ts_ns)
		*began = ts_ns;
}

uint64_t symbols__program_ns(const struct symbols *s, uint32_t pid, uint64_t ts_ns)
{
	const uint64_t *began = table__find(&s->began, pid);

	return began && *began <= ts_ns ? *began : 0;
}

void symbols__note(struct symbols *s, uint32_t pid, uint64_t ip, uint64_t ts_ns)
{
	/* a collision means a missing name, never a wrong one */
	uint64_t *seen = ip ? table__add(&s->seen, table__address_key(pid, ip)) : NULL;

	/* before and after an exec it is another one */
	if (!seen || (*seen && symbols__program_ns(s, pid, *seen) == symbols__program_ns(s, pid, ts_ns)))
		return;
	if (ARRAY_GROW(s->pending, s->room, s->nr + 1))
		return;
	*seen = ts_ns;
	s->pending[s->nr++] = (struct pending){ pid, ip, ts_ns };
}

void symbols__on_record(struct symbols *s, const struct tare_rec *rec, uint64_t ts_ns)
{
	struct event ev;

	/* most records are switches: only those with addresses, or other ones, are worth decoding here */
	if (rec->kind != TARE_REC_SIGNAL && rec->kind != TARE_REC_SAMPLE && rec->kind != TARE_REC_FAULT &&
	    rec->kind != TARE_REC_EXEC && rec->kind != TARE_REC_FORK)
		return;
	if (event__decode(rec, record__len(rec), &ev) <= 0)
		return;
	switch (ev.kind) {
	case EVENT_SIGNAL:
		symbols__note(s, ev.signal.tgid, ev.signal.ip, ts_ns);
		break;
	case EVENT_SAMPLE:
		symbols__note(s, ev.sample.tgid, ev.sample.ip, ts_ns);
		break;
	case EVENT_FAULT:
		symbols__note(s, ev.fault.tgid, ev.fault.ip, ts_ns);
		break;
	case EVENT_EXEC:
		note_begin(s, ev.exec.tid, ts_ns);
		break;
	case EVENT_FORK:
		if (ev.fork.tid == ev.fork.tgid && ev.fork.tid != ev.fork.parent_tid)
			note_begin(s, ev.fork.tgid, ts_ns);
		break;
	default:
		break;
	}
}

/* ---- one process's addresses ---- */

struct resolve {
	struct symbols *s;
	struct writer *w;
	const struct bpf *bpf;
	struct pending *first;
	size_t nr;
	uint64_t since_ns; /* when its program began that has the mappings */
};

static void write_symbol(struct writer *w, const struct pending *p, const struct runtime_symbol *sym)
{
	static const char zero[8];
	size_t name_len = strnlen(sym->name, MAX_TEXT), file_len = strnlen(sym->file, MAX_TEXT);
	struct tare_symbol head = {
		.pid = p->pid, .ip = p->ip, .line = sym->line, .name_len = name_len, .file_len = file_len
	};
	size_t own_name_len = sym->own_name ? strnlen(sym->own_name, MAX_TEXT) : 0;
	size_t own_file_len = sym->own_name ? strnlen(sym->own_file, MAX_TEXT) : 0;
	struct {
		struct tare_symbol_more head;
		char text[2 * MAX_TEXT + 8];
	} more = {
		.head = {
			.flags = sym->cost, .owner = sym->owner, .return_at = -1, .line = sym->own_line,
			.name_len = own_name_len, .file_len = own_file_len,
		},
	};
	size_t pad = -(sizeof(head) + name_len + file_len) & 7;
	struct iovec iov[] = {
		{ &head, sizeof(head) },
		{ (void *)sym->name, name_len },
		{ (void *)sym->file, file_len },
		{ (void *)zero, pad },
		{ &more, sizeof(more.head) + ((own_name_len + own_file_len + 7) & ~7ul) },
	};

	if (own_name_len)
		memcpy(more.text, sym->own_name, own_name_len);
	if (own_file_len)
		memcpy(more.text + own_name_len, sym->own_file, own_file_len);
	for (size_t i = 0; i < ARRAY_SIZE(iov); i++)
		head.size += iov[i].iov_len;
	writer__frame(w, TARE_FRAME_SYMBOLS, 0, p->ts_ns, iov, ARRAY_SIZE(iov));
}

/* @p is @sym. */
static void settle(struct resolve *r, struct pending *p, const struct runtime_symbol *sym)
{
	write_symbol(r->w, p, sym);
	p->ip = 0; /* done */
}

/* Is what was just read about the process still that program's? */
static bool is_same_program(const struct resolve *r)
{
	uint64_t since_ns;

	return !bpf__program_ns(r->bpf, r->first->pid, &since_ns) && since_ns == r->since_ns;
}

/* Addresses in files other than the program. */
static int on_module(const struct module *m, void *ctx)
{
	struct resolve *r = ctx;
	struct image *img = NULL;
	uint64_t bias;
	int fd = -1;

	for (size_t i = 0; i < r->nr; i++) {
		struct runtime_symbol sym = RUNTIME_SYMBOL_NONE;
		struct pending *p = &r->first[i];

		if (!p->ip || p->ip < m->start || p->ip >= m->end || p->ts_ns < r->since_ns)
			continue;
		if (fd < 0) {
			fd = module__open(p->pid, m);
			if (fd < 0 || !is_same_program(r) || image__open(fd, &img, NULL) ||
			    image__bias(img, m->start, m->offset, true, &bias))
				break;
		}
		sym.owner = TARE_OWNER_LIBRARY;
		if (symtab__function_at(img, p->ip - bias, &sym.name))
			continue;
		sym.cost = runtime_cost__find(runtime_native.costs, sym.name);
		settle(r, p, &sym);
	}
	image__close(img);
	if (fd >= 0)
		close(fd);
	return 0;
}

static void resolve(struct resolve *r, const struct runtimes *runtimes)
{
	bool left = false;

	for (size_t i = 0; i < r->nr; i++) {
		struct runtime_symbol sym = RUNTIME_SYMBOL_NONE;
		struct pending *p = &r->first[i];

		if (runtimes__symbol(runtimes, p->pid, p->ip, p->ts_ns, &sym)) {
			left = true;
			continue;
		}
		settle(r, p, &sym);
	}
	/* gone: they stay numbers */
	if (left && !bpf__program_ns(r->bpf, r->first->pid, &r->since_ns))
		modules__for_each(r->first->pid, on_module, r);
}

static int by_pid(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Which program a later address belongs to is not known yet. Move those to the end. Returns how many others there are.
 */
static size_t put_off(struct symbols *s, uint64_t complete_ns)
{
	size_t nr = 0;

	for (size_t i = 0; i < s->nr; i++) {
		struct pending p = s->pending[i];

		if (p.ts_ns >= complete_ns)
			continue;
		s->pending[i] = s->pending[nr];
		s->pending[nr++] = p;
	}
	return nr;
}

void symbols__write(struct symbols *s, const struct runtimes *runtimes, struct writer *w, uint64_t complete_ns)
{
	size_t from = 0, nr = put_off(s, complete_ns);

	if (nr)
		qsort(s->pending, nr, sizeof(*s->pending), by_pid);
	while (from < nr) {
		struct resolve r = { .s = s, .w = w, .bpf = runtimes->bpf, .first = &s->pending[from] };

		while (from + r.nr < nr && s->pending[from + r.nr].pid == r.first->pid)
			r.nr++;
		resolve(&r, runtimes);
		from += r.nr;
	}
	s->nr -= nr;
	if (s->nr)
		memmove(s->pending, s->pending + nr, s->nr * sizeof(*s->pending));
}

void symbols__free(struct symbols *s)
{
	table__free(&s->began);
	table__free(&s->seen);
	free(s->pending);
	*s = (struct symbols){ 0 };
}
