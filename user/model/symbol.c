// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbol.h"

void model_symbols__init(struct model_symbols *s)
{
	table__init(&s->by_address, MODEL_MAX_SYMBOLS);
}

static void model_symbol__free(struct model_symbol *sym)
{
	if (sym)
		free(sym->name);
	free(sym);
}

void model_symbols__free(struct model_symbols *s)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&s->by_address, &pos)))
		model_symbol__free((struct model_symbol *)slot->value);
	table__free(&s->by_address);
}

int model_symbols__event(struct model_symbols *s, const struct event *ev)
{
	const struct tare_symbol *head = ev->symbol.head;
	uint64_t *slot = table__add(&s->by_address, table__address_key(head->pid, head->ip));
	const struct tare_symbol_more *more = &ev->symbol.more;
	struct model_symbol *sym;

	/* more than anyone will look at, or known already */
	if (!slot || *slot)
		return 0;
	sym = calloc(1, sizeof(*sym));
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
	sym->return_at = more->return_at;
	sym->is_call = more->flags & TARE_SYMBOL_CALL;
	sym->has_frame = more->flags & TARE_SYMBOL_FRAME;
	sym->pid = head->pid;
	sym->ip = head->ip;
	sym->line = head->line;
	*slot = (uintptr_t)sym;
	return 0;
}

const struct model_symbol *model_symbols__at(const struct model_symbols *s, uint32_t pid, uint64_t ip)
{
	const uint64_t *slot = table__find(&s->by_address, table__address_key(pid, ip));
	const struct model_symbol *sym = slot ? (const struct model_symbol *)*slot : NULL;

	return sym && sym->pid == pid && sym->ip == ip ? sym : NULL;
}
