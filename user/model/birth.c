// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "birth.h"

void births__init(struct births *b)
{
	memset(b, 0, sizeof(*b));
	table__init(&b->last, BIRTHS_MAX);
}

void births__free(struct births *b)
{
	free(b->seen);
	free(b->all);
	table__free(&b->last);
	births__init(b);
}

bool births__see(struct births *b, uint32_t pid, uint64_t ts_ns)
{
	uint64_t bit = 1ull << pid % 64;
	bool before;

	if (pid >= BIRTHS_MAX_PID)
		return false;
	if (!b->seen) {
		b->seen = calloc(BIRTHS_MAX_PID / 64, sizeof(*b->seen));
		b->first_ns = ts_ns;
	}
	if (!b->seen)
		return false;
	before = b->seen[pid / 64] & bit;
	b->seen[pid / 64] |= bit;
	return before;
}

void births__begin(struct births *b, uint32_t pid, uint64_t ts_ns)
{
	uint64_t *last;

	/* a process from before anything was recorded is nobody's successor */
	if (!births__see(b, pid, ts_ns) || ts_ns <= b->first_ns)
		return;
	last = b->only_last ? table__find(&b->last, pid) : NULL;
	if (last && *last) {
		b->all[*last - 1] = (struct birth){ .born_ns = ts_ns, .nth = b->all[*last - 1].nth + 1 };
		return;
	}
	if (b->nr == BIRTHS_MAX)
		return;
	if (ARRAY_GROW(b->all, b->room, b->nr + 1))
		return;
	last = table__add(&b->last, pid);
	if (!last)
		return;
	b->all[b->nr] =
		(struct birth){ .born_ns = ts_ns, .before = *last, .nth = *last ? b->all[*last - 1].nth + 1 : 1 };
	*last = ++b->nr;
}

uint64_t births__at(const struct births *b, uint32_t pid, uint64_t ts_ns)
{
	const uint64_t *last = table__find(&b->last, pid);
	uint32_t i = last ? *last : 0;

	while (i && b->all[i - 1].born_ns > ts_ns)
		i = b->all[i - 1].before;
	return i ? (uint64_t)b->all[i - 1].nth << 32 | pid : pid;
}

uint64_t births__born_ns(const struct births *b, uint64_t process)
{
	const uint64_t *last = table__find(&b->last, process__pid(process));
	uint32_t i = last ? *last : 0;

	while (i && b->all[i - 1].nth != process >> 32)
		i = b->all[i - 1].before;
	return i ? b->all[i - 1].born_ns : 0;
}
