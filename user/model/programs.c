// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "programs.h"

/* Begins come nearly in order: a file in which they do not must not take quadratic time to read. */
#define MAX_OVERTAKEN 256

void programs__init(struct programs *p)
{
	memset(p, 0, sizeof(*p));
	table__init(&p->last, PROGRAMS_MAX);
	p->full_ns = UINT64_MAX;
}

void programs__free(struct programs *p)
{
	table__free(&p->last);
	free(p->all);
	programs__init(p);
}

/* Where to link one at @ns in; NULL: it is there, or there is no place. */
static uint32_t *find_place(struct programs *p, uint32_t *last, uint64_t ns)
{
	for (unsigned i = 0; i < MAX_OVERTAKEN; i++) {
		if (!*last || p->all[*last - 1].ns < ns)
			return last;
		if (p->all[*last - 1].ns == ns)
			return NULL;
		last = &p->all[*last - 1].before;
	}
	return NULL;
}

void programs__begin(struct programs *p, uint32_t pid, uint64_t ns)
{
	uint64_t *slot = table__add(&p->last, pid);
	uint32_t last = slot ? *slot : 0, *place;

	if (!slot || p->nr == PROGRAMS_MAX || ARRAY_GROW(p->all, p->room, p->nr + 1)) {
		p->full_ns = ns < p->full_ns ? ns : p->full_ns;
		return;
	}
	place = find_place(p, &last, ns);
	if (!place)
		return;
	p->all[p->nr] = (struct program_begin){ ns, *place };
	*place = ++p->nr;
	*slot = last;
}

uint64_t programs__since(const struct programs *p, uint32_t pid, uint64_t ns)
{
	const uint64_t *slot = table__find(&p->last, pid);
	uint32_t i = slot ? *slot : 0;

	if (ns >= p->full_ns)
		return ns;
	while (i && p->all[i - 1].ns > ns)
		i = p->all[i - 1].before;
	return i ? p->all[i - 1].ns : 0;
}
