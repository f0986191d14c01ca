// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbol.h"

void model_symbols__init(struct model_symbols *s, const struct programs *programs)
{
	*s = (struct model_symbols){ .inlined = NULL };
	told__init(&s->told, programs, MODEL_MAX_SYMBOLS);
}

static void model_symbol__free(struct model_symbol *sym)
{
	struct model_symbol *caller;

	for (; sym; sym = caller) {
		caller = sym->caller;
		free(sym->name);
		free(sym);
	}
}

void model_symbols__free(struct model_symbols *s)
{
	for (uint32_t i = 0; i < s->told.nr; i++)
		model_symbol__free(s->told.all[i].what);
	told__free(&s->told);
}

static bool model_symbols__keep(struct model_symbols *s, const struct event *ev, struct model_symbol *sym)
{
	const struct tare_symbol *head = ev->symbol.head;

	if (!s->is_inlined || s->inlined_pid != head->pid || s->inlined_ip != head->ip) {
		s->nr_inlined = 0;
		return !told__add(&s->told, head->pid, head->ip, ev->ts_ns, sym);
	}
	if (!s->inlined || ++s->nr_inlined == MODEL_MAX_INLINED)
		return false;
	s->inlined->caller = sym;
	return true;
}

int model_symbols__event(struct model_symbols *s, const struct event *ev)
{
	const struct tare_symbol *head = ev->symbol.head;
	const struct tare_symbol_more *more = &ev->symbol.more;
	struct model_symbol *sym = calloc(1, sizeof(*sym));

	if (!sym)
		return -ENOMEM;
	sym->name = calloc(1, head->name_len + head->file_len + more->name_len + more->file_len + 4u);
	if (!sym->name) {
		free(sym);
		return -ENOMEM;
	}
	sym->file = sym->name + head->name_len + 1;
	memcpy(sym->name, ev->symbol.name, head->name_len);
	memcpy(sym->file, ev->symbol.file, head->file_len);
	sym->own_name = sym->file + head->file_len + 1;
	sym->own_file = sym->own_name + more->name_len + 1;
	if (more->name_len)
		memcpy(sym->own_name, ev->symbol.own_name, more->name_len);
	if (more->file_len)
		memcpy(sym->own_file, ev->symbol.own_file, more->file_len);
	sym->own_line = more->line;
	sym->owner = more->owner;
	sym->cost = more->flags;
	sym->line = head->line;
	sym->start = ev->symbol.start;
	/* more than anyone will look at are not kept */
	if (!model_symbols__keep(s, ev, sym)) {
		model_symbol__free(sym);
		sym = NULL;
	}
	s->is_inlined = more->flags & TARE_SYMBOL_INLINED;
	s->inlined = sym;
	s->inlined_pid = head->pid;
	s->inlined_ip = head->ip;
	return 0;
}

const struct model_symbol *model_symbols__at(const struct model_symbols *s, uint32_t pid, uint64_t ip, uint64_t ts_ns)
{
	return told__at(&s->told, pid, ip, ts_ns);
}
