// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "hash.h"
#include "heap_named.h"
#include "table.h"

#define TEXTS_MAX (1 << 22)

struct naming_frames {
	struct heap_named *n;
	heap_describe *describe;
	void *ctx;
	struct table by_pc;    /* address to the number of its frame plus one */
	struct table by_frame; /* hash of a frame to the same */
};

static int keep_text(struct intern *texts, const char **text)
{
	*text = *text ? intern__keep(texts, *text, strlen(*text)) : "";
	return *text ? 0 : -ENOMEM;
}

/* The number of frame @f, which is kept if it is new; two with one hash are two. */
static int number_of(struct naming_frames *c, const struct heap_frame *f, uint32_t *nr)
{
	struct heap_named *n = c->n;
	uint64_t *slot, key = hash__add(HASH_BEGIN, &f->name, sizeof(f->name));

	key = hash__add(hash__add(key, &f->file, sizeof(f->file)), &f->line, sizeof(f->line)) >> 1;
	for (;; key++) {
		slot = table__add(&c->by_frame, key);
		if (!slot)
			return -ENOMEM;
		if (!*slot)
			break;
		*nr = *slot - 1;
		if (n->frames[*nr].name == f->name && n->frames[*nr].file == f->file && n->frames[*nr].line == f->line)
			return 0;
	}
	if (ARRAY_GROW(n->frames, n->room_frames, n->nr_frames + 1))
		return -ENOMEM;
	n->frames[n->nr_frames] = *f;
	*slot = ++n->nr_frames;
	*nr = n->nr_frames - 1;
	return 0;
}

static int name_pc(struct naming_frames *c, uint64_t pc, uint32_t *nr)
{
	uint64_t *slot = table__add(&c->by_pc, pc == TABLE_NO_KEY ? 0 : pc);
	struct heap_frame f = { 0 };
	int ret;

	if (!slot)
		return -ENOMEM;
	if (!*slot) {
		c->describe(pc, &f, c->ctx);
		ret = keep_text(&c->n->texts, &f.name) ?: keep_text(&c->n->texts, &f.file) ?: number_of(c, &f, nr);
		if (ret)
			return ret;
		*slot = *nr + 1;
	}
	*nr = *slot - 1;
	return 0;
}

int heap_named__name(struct heap_named *n, heap_describe *describe, void *ctx)
{
	struct naming_frames c = { .n = n, .describe = describe, .ctx = ctx };
	int ret = 0;

	table__init(&c.by_pc, 1 << 30);
	table__init(&c.by_frame, 1 << 30);
	n->frame_of = malloc((n->heap.nr_pcs ?: 1) * sizeof(*n->frame_of));
	if (!n->frame_of)
		ret = -ENOMEM;
	for (size_t i = 0; !ret && i < n->heap.nr_pcs; i++)
		ret = name_pc(&c, n->heap.pcs[i], &n->frame_of[i]);
	table__free(&c.by_pc);
	table__free(&c.by_frame);
	return ret;
}

void heap_named__init(struct heap_named *n)
{
	*n = (struct heap_named){ .runtime = "", .version = "" };
	intern__init(&n->texts, TEXTS_MAX);
}

void heap_named__free(struct heap_named *n)
{
	heap_profile__free(&n->heap);
	free(n->frames);
	free(n->frame_of);
	intern__free(&n->texts);
	*n = (struct heap_named){ .runtime = "", .version = "" };
}
