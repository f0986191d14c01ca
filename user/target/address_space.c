// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address_space.h"
#include "array.h"
#include "modules.h"
#include "proc.h"
#include "util.h"

#define MAPPINGS_MAX (1u << 18)
#define SHARE	     50 /* read again for 1/SHARE of the time */

static enum code_kind kind_of(const struct mapping *m)
{
	if (!strcmp(m->name, "[vdso]"))
		return CODE_VDSO;
	return m->inode && m->name[0] == '/' ? CODE_FILE : CODE_ANONYMOUS;
}

static int add(const struct mapping *m, void *ctx)
{
	struct address_space *a = ctx;
	struct code_mapping *c;

	if (!m->code || a->nr == MAPPINGS_MAX)
		return 0;
	if (ARRAY_GROW(a->mappings, a->room, a->nr + 1))
		return -ENOMEM;
	c = &a->mappings[a->nr];
	*c = (struct code_mapping){ m->start, m->end, m->offset, kind_of(m), m->device, m->inode, NULL, false, NULL };
	if (c->kind == CODE_FILE && !(c->path = strdup(m->name)))
		return -ENOMEM;
	a->nr++;
	return 0;
}

static void drop_all(struct address_space *a)
{
	for (size_t i = 0; i < a->nr; i++)
		free(a->mappings[i].path);
	free(a->mappings);
}

static bool same(const struct code_mapping *x, const struct code_mapping *y)
{
	return x->start == y->start && x->offset == y->offset && x->kind == y->kind && x->device == y->device &&
	       x->inode == y->inode;
}

/* Both are in the order of addresses. */
static void carry_over(struct address_space *fresh, const struct address_space *old)
{
	size_t i = 0;

	for (size_t j = 0; j < fresh->nr; j++) {
		struct code_mapping *m = &fresh->mappings[j];

		while (i < old->nr && old->mappings[i].start < m->start)
			i++;
		if (i == old->nr || !same(m, &old->mappings[i]))
			continue;
		m->seen = old->mappings[i].seen;
		m->context = old->mappings[i].context;
	}
}

int address_space__read(struct address_space *a)
{
	struct address_space fresh = { .pid = a->pid, .start_ticks = proc__start_ticks(a->pid), .begun_ns = now_ns() };
	int ret;

	if (!fresh.start_ticks || (a->start_ticks && a->start_ticks != fresh.start_ticks))
		return -ESRCH;
	ret = mappings__for_each(a->pid, add, &fresh);
	/* one that has ended, but was not reaped, has an empty map */
	if (!ret && (!fresh.nr || proc__start_ticks(a->pid) != fresh.start_ticks))
		ret = -ESRCH;
	if (ret) {
		drop_all(&fresh);
		return ret;
	}
	carry_over(&fresh, a);
	fresh.read_ns = now_ns();
	fresh.next_ns = a->next_ns;
	drop_all(a);
	*a = fresh;
	return 0;
}

static struct code_mapping *find(const struct address_space *a, uint64_t address)
{
	size_t low = ARRAY_FIRST_NOT(a->nr, i, a->mappings[i].end <= address);

	return low < a->nr && address >= a->mappings[low].start ? &a->mappings[low] : NULL;
}

bool address_space__is_early(const struct address_space *a, uint64_t ts_ns)
{
	return a->next_ns != UINT64_MAX && a->next_ns > now_ns() && a->begun_ns <= ts_ns;
}

struct code_mapping *address_space__at(struct address_space *a, uint64_t address, uint64_t ts_ns)
{
	struct code_mapping *m = find(a, address);
	uint64_t cpu_ns;

	if (m)
		return m;
	if (now_ns() < a->next_ns || a->begun_ns > ts_ns)
		return NULL;
	/* by CPU time: on a busy machine it is not put off either */
	cpu_ns = thread_cpu_ns();
	address_space__read(a);
	a->next_ns = now_ns() + SHARE * (thread_cpu_ns() - cpu_ns);
	return find(a, address);
}

int address_space__open(const struct address_space *a, const struct code_mapping *m)
{
	const struct mapping map = { .start = m->start,
				     .end = m->end,
				     .device = m->device,
				     .inode = m->inode,
				     .name = m->kind == CODE_FILE ? m->path : "" };

	return mapping__open(a->pid, &map);
}

void address_space__free(struct address_space *a)
{
	drop_all(a);
	*a = (struct address_space){ 0 };
}
