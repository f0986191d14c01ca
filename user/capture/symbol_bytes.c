// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "symbol_bytes.h"

/* Append @size bytes. */
static void *put(unsigned char *to, const void *data, size_t size)
{
	if (size)
		memcpy(to, data, size);
	return to + size;
}

static unsigned char *align8(unsigned char *begin, unsigned char *to)
{
	while ((to - begin) % 8)
		*to++ = 0;
	return to;
}

size_t symbol_bytes(void *begin, uint32_t pid, uint64_t ip, const struct symbol_text *text)
{
	const char *own_file = text->own_name && text->own_file ? text->own_file : "";
	const char *own_name = text->own_name ? text->own_name : "";
	struct tare_symbol head = { .pid = pid,
				    .ip = ip,
				    .line = text->line,
				    .name_len = strnlen(text->name, SYMBOL_TEXT_MAX),
				    .file_len = strnlen(text->file, SYMBOL_TEXT_MAX) };
	struct tare_symbol_more more = { .flags = text->cost | (text->inlined ? TARE_SYMBOL_INLINED : 0) |
						  (text->start ? TARE_SYMBOL_START : 0),
					 .owner = text->owner,
					 .return_at = -1,
					 .line = text->own_line,
					 .name_len = strnlen(own_name, SYMBOL_TEXT_MAX),
					 .file_len = strnlen(own_file, SYMBOL_TEXT_MAX) };
	unsigned char *to = (unsigned char *)begin + sizeof(head);

	to = put(to, text->name, head.name_len);
	to = put(to, text->file, head.file_len);
	to = put(align8(begin, to), &more, sizeof(more));
	to = put(to, own_name, more.name_len);
	to = align8(begin, put(to, own_file, more.file_len));
	to = put(to, &text->start, text->start ? sizeof(text->start) : 0);
	head.size = to - (unsigned char *)begin;
	memcpy(begin, &head, sizeof(head));
	return head.size;
}

/* Where struct tare_symbol_more is. */
static size_t more_at(const struct tare_symbol *sym)
{
	return (sizeof(*sym) + sym->name_len + sym->file_len + 7) & ~(size_t)7;
}

bool symbol_is_sane(const struct tare_symbol *sym, size_t room)
{
	return sym->size <= room && sym->size % 8 == 0 && sym->name_len <= SYMBOL_TEXT_MAX &&
	       sym->file_len <= SYMBOL_TEXT_MAX && more_at(sym) + sizeof(struct tare_symbol_more) <= sym->size;
}

void symbol_add_flags(void *symbol, uint32_t flags)
{
	struct tare_symbol_more more;
	struct tare_symbol sym;

	memcpy(&sym, symbol, sizeof(sym));
	memcpy(&more, (char *)symbol + more_at(&sym), sizeof(more));
	more.flags |= flags;
	memcpy((char *)symbol + more_at(&sym), &more, sizeof(more));
}
