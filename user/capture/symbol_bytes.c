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
	struct tare_symbol_more more = { .flags = text->inlined ? TARE_SYMBOL_INLINED : 0,
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
	head.size = to - (unsigned char *)begin;
	memcpy(begin, &head, sizeof(head));
	return head.size;
}
