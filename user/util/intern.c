// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "intern.h"

void intern__init(struct intern *s, uint32_t limit)
{
	table__init(&s->by_hash, limit);
}

void intern__free(struct intern *s)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&s->by_hash, &pos)))
		free((char *)slot->value);
	table__free(&s->by_hash);
}

const char *intern__keep(struct intern *s, const char *text, size_t len)
{
	/* on a collision the second is kept under the next number; without the bit that would make it TABLE_NO_KEY */
	for (uint64_t key = hash__add(HASH_BEGIN, text, len) >> 1;; key++) {
		uint64_t *slot = table__add(&s->by_hash, key);
		const char *kept = slot ? (const char *)*slot : NULL;

		if (!slot)
			return NULL;
		if (kept && (strncmp(kept, text, len) || kept[len]))
			continue;
		if (!kept) {
			*slot = (uintptr_t)(kept = strndup(text, len));
			if (!kept)
				table__delete(&s->by_hash, key);
		}
		return kept;
	}
}
