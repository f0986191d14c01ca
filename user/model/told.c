// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "told.h"

/* They come nearly in order: a file in which they do not must not take quadratic time to read. */
#define MAX_OVERTAKEN 256

void told__init(struct told_list *l, const struct programs *programs, uint32_t max)
{
	*l = (struct told_list){ .max = max, .programs = programs };
	table__init(&l->last, max);
}

void told__free(struct told_list *l)
{
	table__free(&l->last);
	free(l->all);
	l->all = NULL;
	l->nr = l->room = 0;
}

int told__add(struct told_list *l, uint32_t pid, uint64_t address, uint64_t ns, void *what)
{
	uint64_t *slot;
	uint32_t last, *place = &last;

	if (l->nr == l->max || ARRAY_GROW(l->all, l->room, l->nr + 1))
		return -ENOMEM;
	slot = table__add(&l->last, table__address_key(pid, address));
	if (!slot)
		return -ENOMEM;
	last = *slot;
	for (unsigned i = 0; *place && l->all[*place - 1].ns > ns; i++) {
		if (i == MAX_OVERTAKEN)
			return -ENOMEM;
		place = &l->all[*place - 1].before;
	}
	l->all[l->nr] = (struct told){ ns, address, what, pid, *place };
	*place = ++l->nr;
	*slot = last;
	return 0;
}

void *told__at(const struct told_list *l, uint32_t pid, uint64_t address, uint64_t ns)
{
	const uint64_t *slot = table__find(&l->last, table__address_key(pid, address));
	uint64_t since = slot ? programs__since(l->programs, pid, ns) : 0;
	void *found = NULL;

	for (uint32_t i = slot ? *slot : 0; i; i = l->all[i - 1].before) {
		const struct told *t = &l->all[i - 1];

		/* two addresses may have one key */
		if (t->pid != pid || t->address != address)
			continue;
		if (programs__since(l->programs, pid, t->ns) == since)
			found = t->what;
		if (t->ns <= ns)
			break;
	}
	return found;
}
