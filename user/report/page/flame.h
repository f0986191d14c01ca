/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks as one tree, from the outermost function on: what a flame graph draws. */
#ifndef TARE_FLAME_H
#define TARE_FLAME_H

#include "json_impl.h"
#include "model.h"

#define FLAME_NODES 1000000 /* in memory; what is called beyond that counts as its caller's */
#define FLAME_SHOWN 2500    /* in the page: the largest ones */

struct flame_node {
	uint64_t total; /* of it and all that it calls */
	uint32_t parent, name;
	uint32_t child, next; /* 0: none */
	bool kernel;
};

struct flame {
	struct flame_node *nodes; /* [0] is the root */
	size_t nr, room;
	struct table by_call; /* parent << 32 | name << 1 | kernel, to its node */
	char **names;	      /* safe to print */
	size_t nr_names, room_names;
	struct table by_name; /* hash to 1 + index */
	uint32_t at;	      /* where the next frame is called from */
	bool full;
};

/* Returns 0 or -ENOMEM; flame__free() it in any case. */
int flame__init(struct flame *f);
void flame__free(struct flame *f);

/*
 * Add a stack: begin, then its frames from the outermost on (@name is not safe to print; "": not known), then how much
 * it is. Each returns 0 or -ENOMEM.
 */
void flame__begin(struct flame *f);
int flame__call(struct flame *f, const char *name, bool kernel);
void flame__end(struct flame *f, uint64_t value);

/*
 * {"total", "nodes", "left_out", "names": [...], "calls": [depth, name, total, kernel, ...]}: four numbers for each
 * node, callers before what they call. NULL: out of memory.
 */
json_t *flame__json(const struct flame *f);

/* "flames" of the page: those of a recording that has something to show. NULL: out of memory. */
json_t *flames__json(const struct model *m);

#endif /* TARE_FLAME_H */
