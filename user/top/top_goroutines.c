// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "goroutines.h"
#include "pid_ns.h"
#include "top_goroutines.h"
#include "util.h"

#define TRIES 16 /* processes that are looked into for any */

static bool has_goroutines(const struct runtime *rt)
{
	return rt->goroutines;
}

static void top_goroutines__close(struct top_goroutines *g)
{
	if (g->open)
		process_runtime__close(&g->from);
	g->open = false;
}

/* Returns false, with .problem, if no process has any. */
static bool top_goroutines__open(struct top_goroutines *g, const struct top_list *processes)
{
	if (g->open && process_runtime__is_current(&g->from))
		return true;
	top_goroutines__close(g);
	snprintf(g->problem, sizeof(g->problem), "no process of the target is alive");
	for (size_t i = 0; i < processes->nr && i < TRIES; i++) {
		if (processes->items[i].ended)
			continue;
		if (!process_runtime__open(&g->from, pid_ns__here(processes->items[i].id), has_goroutines, g->problem,
					   sizeof(g->problem))) {
			g->problem[0] = '\0';
			return g->open = true;
		}
		process_runtime__close(&g->from);
	}
	return false;
}

static struct top_item *item_of(struct top_list *l, const char *name)
{
	struct top_item *it;

	for (size_t i = 0; i < l->nr; i++)
		if (!strcmp(l->items[i].name, name))
			return &l->items[i];
	it = top_list__add(l);
	if (!it)
		return NULL;
	snprintf(it->name, sizeof(it->name), "%s", name);
	it->v[TOP_COUNT] = 0;
	return it;
}

static void count_one(struct top_list *l, const struct goroutine *g, uint64_t now)
{
	struct top_item *it = item_of(l, g->torn ? "(changed while read)" : g->reason ?: g->state);
	uint64_t ns = now > g->since_ns ? now - g->since_ns : 0;

	if (!it)
		return;
	it->v[TOP_COUNT]++;
	if (!g->torn && g->since_ns && (it->v[TOP_LONGEST] == TARE_UNKNOWN || ns > it->v[TOP_LONGEST]))
		it->v[TOP_LONGEST] = ns;
}

void top_goroutines__look(struct top_goroutines *g, const struct top_list *processes)
{
	struct goroutine_stacks stacks;
	struct goroutines all = { .stacks = &stacks };
	uint64_t now = now_ns();
	int ret;

	if (g->read_ns && now - g->read_ns < TOP_GOROUTINES_NS)
		return;
	g->read_ns = now;
	top_list__free(&g->list);
	if (!top_goroutines__open(g, processes))
		return;
	goroutine_stacks__init(&stacks);
	ret = g->from.runtime->goroutines(g->from.self, &all);
	for (size_t i = 0; !ret && i < all.nr; i++)
		if (!all.all[i].system)
			count_one(&g->list, &all.all[i], all.end_ns);
	g->problem[0] = '\0';
	if (ret)
		snprintf(g->problem, sizeof(g->problem), "process %d: its goroutines cannot be read: %s",
			 g->from.prog.pid, all.problem[0] ? all.problem : strerror(-ret));
	goroutines__free(&all);
	goroutine_stacks__free(&stacks);
}

void top_goroutines__free(struct top_goroutines *g)
{
	top_goroutines__close(g);
	top_list__free(&g->list);
}
