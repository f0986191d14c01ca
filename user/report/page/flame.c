// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "flame.h"
#include "hash.h"

#define MAX_NAME 200 /* of C++ and Rust there are much longer ones, which no box has room for */

int flame__init(struct flame *f)
{
	*f = (struct flame){ 0 };
	table__init(&f->by_call, FLAME_NODES);
	table__init(&f->by_name, FLAME_NODES);
	if (ARRAY_GROW(f->nodes, f->room, 1))
		return -ENOMEM;
	f->nodes[f->nr++] = (struct flame_node){ 0 };
	return 0;
}

void flame__free(struct flame *f)
{
	for (size_t i = 0; i < f->nr_names; i++)
		free(f->names[i]);
	free(f->names);
	free(f->nodes);
	table__free(&f->by_call);
	table__free(&f->by_name);
}

/* 1 + the number of @name; 0: out of memory. */
static uint32_t number_of(struct flame *f, const char *name)
{
	char safe[MAX_NAME];
	uint64_t *slot;

	sanitize(name[0] ? name : "(unknown)", name[0] ? strlen(name) : 9, safe, sizeof(safe));
	slot = table__add(&f->by_name, hash__add(HASH_BEGIN, safe, strlen(safe)) >> 1);
	if (!slot || *slot)
		return slot ? *slot : 0;
	if (ARRAY_GROW(f->names, f->room_names, f->nr_names + 1))
		return 0;
	f->names[f->nr_names] = strdup(safe);
	if (!f->names[f->nr_names])
		return 0;
	return *slot = ++f->nr_names;
}

void flame__begin(struct flame *f)
{
	f->at = 0;
	f->full = false;
}

int flame__call(struct flame *f, const char *name, bool kernel)
{
	uint32_t number;
	uint64_t *slot;

	if (f->full || f->nr == FLAME_NODES) {
		f->full = true;
		return 0;
	}
	number = number_of(f, name);
	if (!number || ARRAY_GROW(f->nodes, f->room, f->nr + 1))
		return -ENOMEM;
	slot = table__add(&f->by_call, (uint64_t)f->at << 32 | number << 1 | kernel);
	if (!slot)
		return -ENOMEM;
	if (!*slot) {
		f->nodes[f->nr] = (struct flame_node){
			.parent = f->at, .name = number - 1, .next = f->nodes[f->at].child, .kernel = kernel
		};
		f->nodes[f->at].child = f->nr;
		*slot = f->nr++;
	}
	f->at = *slot;
	return 0;
}

void flame__end(struct flame *f, uint64_t value)
{
	uint32_t at = f->at;

	for (; at; at = f->nodes[at].parent)
		f->nodes[at].total += value;
	f->nodes[0].total += value;
}

/* ---- as JSON ---- */

static int largest_first(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x > *y ? -1 : *x < *y;
}

/* From which total on a node is shown: callers have at least as much as what they call, so a tree is left. */
static int least(const struct flame *f, uint64_t *total)
{
	uint64_t *all;

	*total = 1;
	if (f->nr <= FLAME_SHOWN)
		return 0;
	all = malloc(f->nr * sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < f->nr; i++)
		all[i] = f->nodes[i].total;
	qsort(all, f->nr, sizeof(*all), largest_first);
	*total = all[FLAME_SHOWN] + 1; /* of those as large as that, there may be very many */
	free(all);
	return 0;
}

struct writing {
	const struct flame *f;
	uint64_t least;
	json_t *calls, *names;
	uint32_t *name; /* 1 + its number in .names, by that in the tree */
	uint64_t shown;
};

static void put_node(struct writing *w, uint32_t at, int depth)
{
	const struct flame_node *n = &w->f->nodes[at];
	uint32_t *name = &w->name[n->name];

	if (!*name) {
		json_array_append_new(w->names, json_string(w->f->names[n->name]));
		*name = json_array_size(w->names);
	}
	json_array_append_new(w->calls, json_integer(depth));
	json_array_append_new(w->calls, json_integer(*name - 1));
	json_array_append_new(w->calls, json_integer(num(n->total)));
	json_array_append_new(w->calls, json_integer(n->kernel));
	w->shown++;
}

/* The tree in order, without recursion: a stack may be deep. */
static void put_nodes(struct writing *w)
{
	const struct flame_node *nodes = w->f->nodes;
	uint32_t at = nodes[0].child;
	int depth = 1;

	while (at) {
		bool shown = nodes[at].total >= w->least;

		if (shown)
			put_node(w, at, depth);
		if (shown && nodes[at].child) {
			at = nodes[at].child;
			depth++;
			continue;
		}
		while (at && !nodes[at].next) {
			at = nodes[at].parent;
			depth--;
		}
		at = at ? nodes[at].next : 0;
	}
}

json_t *flame__json(const struct flame *f)
{
	struct writing w = { .f = f, .calls = json_array(), .names = json_array() };
	json_t *all = NULL;

	w.name = calloc(f->nr_names ?: 1, sizeof(*w.name));
	if (w.name && !least(f, &w.least)) {
		put_nodes(&w);
		all = json_pack("{s:I, s:I, s:I, s:O, s:O}", "total", num(f->nodes[0].total), "nodes", num(f->nr - 1),
				"left_out", num(f->nr - 1 - w.shown), "names", w.names, "calls", w.calls);
	}
	json_decref(w.calls);
	json_decref(w.names);
	free(w.name);
	return all;
}
