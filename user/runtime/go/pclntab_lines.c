// SPDX-License-Identifier: BSD-2-Clause
/* Files, lines, inlined calls and the sizes of frames. */
#include <errno.h>

#include "pclntab_impl.h"
#include "util.h"

#define STEPS_MAX (1u << 20) /* for one address: more than any function has, and over in a moment */
#define DEPTH_MAX 128	     /* of inlined calls */

/* ---- values by address ---- */

static bool leb128(struct steps *s, uint32_t *v)
{
	*v = 0;
	for (int shift = 0; shift < 35 && s->at < s->t->funcs; shift += 7) {
		const uint8_t *p = pclntab__view(s->t, s->at++, 1);

		if (!p)
			return false;
		*v |= (uint32_t)(*p & 0x7f) << shift;
		if (!(*p & 0x80))
			return true;
	}
	return false;
}

bool steps__next(struct steps *s)
{
	uint32_t value, pc;

	if (!leb128(s, &value) || (!value && s->started) || !leb128(s, &pc))
		return false;
	s->started = true;
	s->value += -(value & 1) ^ (value >> 1);
	s->pc += pc * s->t->min_lc;
	return true;
}

struct steps steps__of(struct pclntab *t, uint32_t table, uint64_t entry)
{
	return (struct steps){ .t = t, .at = table ? t->pctab + table : UINT64_MAX, .pc = entry, .value = -1 };
}

/* A query about one function, and how many steps it may still take. */
struct query {
	struct pclntab *t;
	struct raw_func raw;
	struct go_func func;
	unsigned steps_left;
};

/* The value at @pc, or -1. */
static int32_t value_at(struct query *q, uint32_t table, uint64_t pc)
{
	struct steps s = steps__of(q->t, table, q->func.entry);

	for (; q->steps_left && steps__next(&s); q->steps_left--) {
		if (pc < s.pc)
			return s.value;
	}
	return -1;
}

/* ---- the parts of a function ---- */

uint32_t raw_func__pcdata(struct pclntab *t, const struct raw_func *raw, uint32_t which)
{
	const uint8_t *p;

	if (which >= raw->npcdata)
		return 0;
	p = pclntab__view(t, raw->at + t->format->func_id + 4 + 4ull * which, 4);
	return p ? image__u32(p) : 0;
}

uint32_t raw_func__funcdata(struct pclntab *t, const struct raw_func *raw, uint32_t which)
{
	const uint8_t *p;

	if (which >= raw->nfuncdata)
		return NOT_THERE;
	p = pclntab__view(t, raw->at + t->format->func_id + 4 + 4ull * raw->npcdata + 4ull * which, 4);
	return p ? image__u32(p) : NOT_THERE;
}

int pclntab__inlined(struct pclntab *t, uint64_t gofunc, uint32_t tree, int32_t index, struct inlined *in)
{
	const struct pclntab_format *f = t->format;
	const uint8_t *p;

	p = index < 0 ? NULL : image__at(t->img, gofunc + tree + (uint64_t)index * f->inlined, f->inlined);
	if (!p)
		return -ENOENT;
	in->name = image__u32(p + f->inlined_name);
	in->parent = image__u32(p + f->inlined_parent);
	in->func_id = p[f->inlined_func_id];
	return 0;
}

static const char *file_at(struct query *q, uint64_t pc)
{
	struct pclntab *t = q->t;
	int32_t nr = value_at(q, q->raw.pcfile, pc);
	uint64_t at = t->units + 4 * ((uint64_t)q->raw.unit + (uint32_t)nr);
	const uint8_t *p = nr < 0 || at + 4 > t->files ? NULL : pclntab__view(t, at, 4);
	const char *name = NULL;

	if (p && image__u32(p) != NOT_THERE)
		name = pclntab__string(t, t->files + image__u32(p), t->pctab);
	return name ? name : "";
}

int pclntab__frames_at(struct pclntab *t, uint64_t pc, struct go_frame *frames, int max)
{
	struct query q = { .t = t, .steps_left = STEPS_MAX };
	uint32_t tree, index_table;
	int n = 0;

	if (pclntab__func_at(t, pc, &q.func) || pclntab__raw(t, q.func.index, &q.raw))
		return -ENOENT;
	tree = t->gofunc ? raw_func__funcdata(t, &q.raw, FUNCDATA_INL_TREE) : NOT_THERE;
	index_table = tree == NOT_THERE ? 0 : raw_func__pcdata(t, &q.raw, PCDATA_INL_TREE_INDEX);
	for (int depth = 0; n < max; depth++) {
		int32_t line = value_at(&q, q.raw.pcln, pc), index = value_at(&q, index_table, pc);
		struct inlined in;

		frames[n] = (struct go_frame){ .name = q.func.name,
					       .file = file_at(&q, pc),
					       .line = line < 0 ? 0 : line,
					       .func_id = q.func.func_id };
		if (depth < DEPTH_MAX && tree != NOT_THERE && !pclntab__inlined(t, t->gofunc, tree, index, &in)) {
			const char *name = pclntab__string(t, t->names + in.name, t->units);

			if (name && in.parent < q.func.end - q.func.entry) {
				frames[n].name = name;
				frames[n].func_id = in.func_id;
				frames[n++].inlined = true;
				/* the instruction that marks the place of the call */
				pc = q.func.entry + in.parent;
				continue;
			}
		}
		return n + 1;
	}
	return n;
}

int pclntab__frame_bytes(struct pclntab *t, uint64_t pc)
{
	struct query q = { .t = t, .steps_left = STEPS_MAX };
	int32_t bytes;

	if (pclntab__func_at(t, pc, &q.func) || pclntab__raw(t, q.func.index, &q.raw))
		return -ENOENT;
	bytes = value_at(&q, q.raw.pcsp, pc);
	return bytes < 0 ? -ENOENT : bytes;
}

/* ---- where funcdata begins ---- */

/* Does the tree of function @index make sense at @gofunc? 1, 0, or -ENOENT: it has none. */
static int tree_makes_sense(struct pclntab *t, uint32_t index, uint64_t gofunc)
{
	struct go_func func;
	struct raw_func raw;
	struct inlined in;
	uint32_t tree;
	const char *before;

	if (pclntab__raw(t, index, &raw) || pclntab__fill(t, index, &raw, "", &func))
		return -ENOENT;
	tree = raw_func__funcdata(t, &raw, FUNCDATA_INL_TREE);
	if (tree == NOT_THERE || !raw_func__pcdata(t, &raw, PCDATA_INL_TREE_INDEX))
		return -ENOENT;
	if (pclntab__inlined(t, gofunc, tree, 0, &in) || in.parent >= func.end - func.entry ||
	    !pclntab__string(t, t->names + in.name, t->units))
		return 0;
	/* a name begins where another ends */
	before = in.name ? pclntab__view(t, t->names + in.name - 1, 1) : "";
	return before && !*before;
}

void pclntab__find_gofunc(struct pclntab *t)
{
	enum { LOOKED_AT = 20000, TREES = 64 };

	for (size_t i = 0; i < ARRAY_SIZE(t->module.tail); i++) {
		int good = 0, ret = 1;

		for (uint32_t f = 0; f < t->nr && f < LOOKED_AT && good < TREES && ret; f++) {
			ret = tree_makes_sense(t, f, t->module.tail[i]);
			good += ret > 0;
		}
		if (ret && good) {
			t->gofunc = t->module.tail[i];
			return;
		}
	}
}
