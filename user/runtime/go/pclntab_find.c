// SPDX-License-Identifier: BSD-2-Clause
/* Functions by their names. */
#include <errno.h>
#include <stdlib.h>

#include "pclntab_impl.h"
#include "util.h"

#define WANTED_MAX 4096

/* ---- functions of their own ---- */

struct lookup {
	struct go_wanted *wanted;
	uint32_t *heads, *next, mask; /* hash chains; numbers count from 1 */
	size_t longest;
};

/* FNV-1a of a string and its length, or false where it is longer than @max. */
static bool hash(const char *s, size_t max, uint32_t *h)
{
	*h = 2166136261u;
	for (size_t i = 0; i < max; i++) {
		if (!s[i])
			return true;
		*h = (*h ^ (uint8_t)s[i]) * 16777619u;
	}
	return false;
}

static int lookup__init(struct lookup *l, struct go_wanted *wanted, size_t nr)
{
	*l = (struct lookup){ .wanted = wanted, .mask = 1 };
	if (nr > WANTED_MAX)
		return -EINVAL;
	while (l->mask < nr * 4)
		l->mask *= 2;
	l->heads = calloc(l->mask--, sizeof(*l->heads));
	l->next = calloc(nr + 1, sizeof(*l->next));
	if (!l->heads || !l->next)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		size_t len = strlen(wanted[i].name);
		uint32_t h;

		wanted[i].matches = 0;
		if (len > l->longest)
			l->longest = len;
		hash(wanted[i].name, len + 1, &h);
		l->next[i + 1] = l->heads[h & l->mask];
		l->heads[h & l->mask] = i + 1;
	}
	return 0;
}

/* Wrappers have the largest func_id; else the larger function does the work. */
static bool is_better(const struct go_func *f, const struct go_func *than)
{
	if (f->func_id != than->func_id)
		return f->func_id < than->func_id;
	return f->end - f->entry > than->end - than->entry;
}

static int lookup__offer(struct lookup *l, struct pclntab *t, uint32_t index, const struct raw_func *raw,
			 const char *name, uint32_t h)
{
	struct go_func func;
	int found = 0;

	for (uint32_t i = l->heads[h & l->mask]; i; i = l->next[i]) {
		struct go_wanted *w = &l->wanted[i - 1];

		if (strcmp(w->name, name) || pclntab__fill(t, index, raw, name, &func))
			continue;
		found += !w->matches;
		if (!w->matches++ || is_better(&func, &w->func))
			w->func = func;
	}
	return found;
}

int pclntab__find_funcs(struct pclntab *t, struct go_wanted *wanted, size_t nr)
{
	struct lookup l;
	int found = lookup__init(&l, wanted, nr);

	for (uint32_t i = 0; found >= 0 && i < t->nr; i++) {
		struct raw_func raw;
		uint64_t room;
		const char *name;
		uint32_t h;

		if (pclntab__raw(t, i, &raw) || t->names + raw.name >= t->units)
			continue;
		room = t->units - t->names - raw.name;
		if (room > l.longest + 1)
			room = l.longest + 1;
		name = pclntab__view(t, t->names + raw.name, room);
		if (name && hash(name, room, &h))
			found += lookup__offer(&l, t, i, &raw, name, h);
	}
	free(l.heads);
	free(l.next);
	return found;
}

int pclntab__find_func(struct pclntab *t, const char *name, struct go_func *func)
{
	struct go_wanted wanted = { .name = name };
	int ret = pclntab__find_funcs(t, &wanted, 1);

	if (ret > 0)
		*func = wanted.func;
	return ret > 0 ? 0 : ret ? ret : -ENOENT;
}

/* ---- is a function inlined anywhere? ---- */

struct offsets {
	uint32_t names[8];
	size_t nr;
};

/* Where @name is in the table of names; at most a few places. */
static int find_name(struct pclntab *t, const char *name, struct offsets *o)
{
	uint64_t bytes = t->units - t->names;
	const char *table = pclntab__view(t, t->names, bytes), *p = table;
	size_t len = strlen(name) + 1;

	o->nr = 0;
	if (!table)
		return -EINVAL;
	while (o->nr < ARRAY_SIZE(o->names) && (p = memmem(p, bytes - (p - table), name, len))) {
		if (p == table || !p[-1])
			o->names[o->nr++] = p - table;
		p++;
	}
	return 0;
}

/* The tree has an entry for each number that its table of values gives, and those of the callers between. */
static bool tree_has(struct pclntab *t, const struct raw_func *raw, const struct offsets *o, uint64_t *left)
{
	uint32_t tree = raw_func__funcdata(t, raw, FUNCDATA_INL_TREE);
	struct steps s = steps__of(t, raw_func__pcdata(t, raw, PCDATA_INL_TREE_INDEX), 0);
	int32_t last = -1;
	struct inlined in;

	for (; tree != NOT_THERE && *left && steps__next(&s); --*left) {
		if (s.value > last)
			last = s.value;
	}
	for (int32_t i = 0; i <= last && *left && !pclntab__inlined(t, t->gofunc, tree, i, &in); i++, --*left) {
		for (size_t k = 0; k < o->nr; k++) {
			if (in.name == o->names[k])
				return true;
		}
	}
	return false;
}

int pclntab__is_inlined(struct pclntab *t, const char *name)
{
	/* tables are shared by functions, but not that much */
	uint64_t left = 16 * (t->funcs - t->pctab) + t->nr;
	struct offsets o;
	struct raw_func raw;
	int ret = t->gofunc ? find_name(t, name, &o) : -EOPNOTSUPP;

	if (ret || !o.nr)
		return ret;
	for (uint32_t i = 0; i < t->nr; i++) {
		if (!pclntab__raw(t, i, &raw) && tree_has(t, &raw, &o, &left))
			return 1;
	}
	return left ? 0 : -E2BIG;
}
