// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "modules.h"
#include "runtime.h"
#include "symbols.h"
#include "symtab.h"
#include "util.h"

#define MAX_TEXT 1024	/* of a function's or a file's name */

void symbols__init(struct symbols *s)
{
	*s = (struct symbols){ 0 };
	table__init(&s->seen, SYMBOLS_MAX);
}

static void note(struct symbols *s, uint32_t pid, uint64_t ip)
{
	/* two that fall together would be a name missing, no wrong one */
	uint64_t *seen = ip ? table__add(&s->seen, ip ^ (uint64_t)pid << 42) : NULL;

	if (!seen || *seen)
		return;
	if (s->nr == s->room) {
		size_t room = s->room ? 2 * s->room : 64;
		void *grown = realloc(s->pending, room * sizeof(*s->pending));

		if (!grown)
			return;
		s->pending = grown;
		s->room = room;
	}
	*seen = 1;
	s->pending[s->nr++] = (struct pending){ pid, ip };
}

void symbols__on_record(struct symbols *s, const struct tare_rec *rec)
{
	const struct tare_signal *signal = (const void *)rec;
	const struct tare_sample *sample = (const void *)rec;
	const struct tare_fault *fault = (const void *)rec;

	if (rec->kind == TARE_REC_SIGNAL)
		note(s, signal->tgid, signal->ip);
	else if (rec->kind == TARE_REC_SAMPLE)
		note(s, sample->tgid, sample->ip);
	else if (rec->kind == TARE_REC_FAULT)
		note(s, fault->tgid, fault->ip);
}

/* ---- one process's addresses ---- */

struct resolve {
	struct writer *w;
	struct pending *first;
	size_t nr;
};

static void write_symbol(struct writer *w, const struct pending *p, const struct runtime_symbol *sym)
{
	static const char zero[8];
	size_t name_len = strnlen(sym->name, MAX_TEXT), file_len = strnlen(sym->file, MAX_TEXT);
	struct tare_symbol head = { .pid = p->pid, .ip = p->ip, .line = sym->line, .name_len = name_len,
				    .file_len = file_len };
	size_t pad = -(sizeof(head) + name_len + file_len) & 7;
	struct iovec iov[] = {
		{ &head, sizeof(head) },
		{ (void *)sym->name, name_len },
		{ (void *)sym->file, file_len },
		{ (void *)zero, pad },
	};

	head.size = sizeof(head) + name_len + file_len + pad;
	writer__frame(w, TARE_FRAME_SYMBOLS, 0, now_ns(), iov, 4);
}

/* Those in files other than the program itself. */
static int on_module(const struct module *m, void *ctx)
{
	struct resolve *r = ctx;
	struct image *img = NULL;
	uint64_t bias;
	int fd = -1;

	for (size_t i = 0; i < r->nr; i++) {
		struct runtime_symbol sym = { .name = "", .file = "" };
		struct pending *p = &r->first[i];

		if (!p->ip || p->ip < m->start || p->ip >= m->end)
			continue;
		if (fd < 0) {
			fd = module__open(p->pid, m);
			if (fd < 0 || image__open(fd, &img, NULL) || image__bias(img, m->start, m->offset, true, &bias))
				break;
		}
		if (!symtab__function_at(img, p->ip - bias, &sym.name))
			write_symbol(r->w, p, &sym);
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
		struct runtime_symbol sym = { .name = "", .file = "" };
		struct pending *p = &r->first[i];

		if (runtimes__symbol(runtimes, p->pid, p->ip, &sym)) {
			left = true;
			continue;
		}
		write_symbol(r->w, p, &sym);
		p->ip = 0; /* done */
	}
	if (left)
		modules__for_each(r->first->pid, on_module, r); /* gone: then they stay numbers */
}

static int by_pid(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

void symbols__write(struct symbols *s, const struct runtimes *runtimes, struct writer *w)
{
	size_t from = 0;

	if (s->nr)
		qsort(s->pending, s->nr, sizeof(*s->pending), by_pid);
	while (from < s->nr) {
		struct resolve r = { .w = w, .first = &s->pending[from] };

		while (from + r.nr < s->nr && s->pending[from + r.nr].pid == r.first->pid)
			r.nr++;
		resolve(&r, runtimes);
		from += r.nr;
	}
	s->nr = 0;
}

void symbols__free(struct symbols *s)
{
	table__free(&s->seen);
	free(s->pending);
	*s = (struct symbols){ 0 };
}
