// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime's globals without symbols or instructions: by what they look like. All writable data of the executable
 * is read once and searched; matches are then tried on the process.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "golive_scan.h"
#include "image.h"
#include "util.h"

enum {
	M_LIMIT = 10000,     /* threads, unless a program says otherwise */
	SCAN_MAX = 64 << 20, /* at most this much is searched */
	CHUNK = 1 << 20,
	HITS_MAX = 65536, /* at most this many places are tried on the process */
};

static int area__read(struct scan *sc, struct area *a)
{
	int err;

	a->data = calloc(1, a->size);
	if (!a->data)
		return -ENOMEM;
	for (size_t at = 0; at < a->size; at += CHUNK) {
		size_t n = a->size - at < CHUNK ? a->size - at : CHUNK;

		err = live__read(sc->live, a->start + at, a->data + at, n);
		if (err && err != -EFAULT)
			return err;
	}
	return 0;
}

static int scan__read(struct scan *sc, struct image *img)
{
	const struct image_segment *seg;
	size_t nr, left = SCAN_MAX;
	int err;

	seg = image__segments(img, &nr);
	sc->areas = calloc(nr ? nr : 1, sizeof(sc->areas[0]));
	if (!sc->areas)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		struct area *a = &sc->areas[sc->nr];

		if (!(seg[i].flags & PF_W) || !seg[i].mem_bytes || !left)
			continue;
		a->start = (seg[i].vaddr + sc->live->bias + 7) & ~7ull;
		a->size = (seg[i].mem_bytes < left ? seg[i].mem_bytes : left) & ~7ull;
		if (a->size < seg[i].mem_bytes - 7)
			live__problem(sc->live, "data: %" PRIu64 " bytes, of which %zu are searched", seg[i].mem_bytes,
				      a->size);
		left -= a->size;
		sc->nr++;
		err = area__read(sc, a);
		if (err)
			return err;
	}
	return 0;
}

static void scan__free(struct scan *sc)
{
	for (size_t i = 0; i < sc->nr; i++)
		free(sc->areas[i].data);
	free(sc->areas);
	free(sc->ms);
}

static bool pointer_like(uint64_t v)
{
	return v >= 0x1000 && v < 1ull << 56 && !(v & 7);
}

int scan__find(struct scan *sc, uint64_t after, size_t len, fits_fn fits,
	       int (*try)(struct go_live *live, uint64_t addr), uint64_t *found)
{
	struct go_live_private *priv = sc->live->priv;
	unsigned problems = priv->nr_problems;
	int tried = 0, err;

	*found = 0;
	for (size_t i = 0; i < sc->nr; i++) {
		const struct area *a = &sc->areas[i];

		for (size_t at = 0; at + len <= a->size && tried < HITS_MAX; at += 8) {
			uint64_t addr = a->start + at;

			/* not inside an M that is a global: it holds lists, too */
			if (addr <= after || (sc->m0 && addr - sc->m0 < at_of(sc->live, M_ALLLINK)) ||
			    !fits(sc, a->data + at, addr))
				continue;
			tried++;
			err = try(sc->live, addr);
			priv->nr_problems = problems;
			if (err == -EINVAL)
				continue;
			*found = err ? 0 : addr;
			return err;
		}
	}
	return 0;
}

/* ---- allm ---- */

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Every distinct word that may point to an M. */
static int scan__pointers(const struct scan *sc, uint64_t **list, size_t *nr)
{
	size_t room = 0, n = 0;

	for (size_t i = 0; i < sc->nr; i++)
		room += sc->areas[i].size / 8;
	*nr = 0;
	*list = malloc((room ? room : 1) * sizeof(**list));
	if (!*list)
		return -ENOMEM;
	for (size_t i = 0; i < sc->nr; i++) {
		for (size_t at = 0; at < sc->areas[i].size; at += 8) {
			uint64_t v = get64(sc->areas[i].data, at);

			if (pointer_like(v))
				(*list)[n++] = v;
		}
	}
	qsort(*list, n, sizeof(**list), compare_u64);
	for (size_t i = 0; i < n; i++) {
		if (!i || (*list)[i] != (*list)[*nr - 1])
			(*list)[(*nr)++] = (*list)[i];
	}
	return 0;
}

/* Keep those of @list whose m.g0.m is m. */
static int scan__filter_ms(const struct scan *sc, uint64_t *list, size_t *nr)
{
	enum { BATCH = 4096 };
	const struct go_live *live = sc->live;
	uint64_t g0[BATCH], back[BATCH];
	size_t kept = 0;
	int err = 0;

	for (size_t i = 0; !err && i < *nr; i += BATCH) {
		size_t n = *nr - i < BATCH ? *nr - i : BATCH, hopeful = 0;

		for (size_t k = 0; k < n; k++)
			list[i + k] += at_of(live, M_G0);
		err = live__gather(live, list + i, n, g0, 8);
		for (size_t k = 0; !err && k < n; k++) {
			if (!pointer_like(g0[k]))
				continue;
			list[i + hopeful] = list[i + k] - at_of(live, M_G0);
			g0[hopeful++] = g0[k] + at_of(live, G_M);
		}
		if (!err)
			err = live__gather(live, g0, hopeful, back, 8);
		for (size_t k = 0; !err && k < hopeful; k++) {
			if (back[k] == list[i + k])
				list[kept++] = back[k];
		}
	}
	*nr = kept;
	return err;
}

/* The M whose chain has the most threads is the first of all. */
static int scan__find_head(struct scan *sc)
{
	unsigned problems = sc->live->priv->nr_problems;
	int err = 0, most = 0, known;
	uint64_t *list, head = 0;
	size_t nr;

	err = scan__pointers(sc, &list, &nr);
	if (!err)
		err = scan__filter_ms(sc, list, &nr);
	for (size_t i = 0; !err && i < nr && i < MS_MAX; i++) {
		err = live__try_chain(sc->live, list[i], &known);
		if (!err && known > most) {
			most = known;
			head = list[i];
		}
		err = err == -EINVAL ? 0 : err;
	}
	sc->live->priv->nr_problems = problems;
	free(list);
	if (!err && head) {
		sc->nr_ms = live__ms(sc->live, head, &sc->ms);
		if (sc->nr_ms < 0) {
			err = sc->nr_ms == -EINVAL || sc->nr_ms == -ELOOP ? 0 : sc->nr_ms;
			sc->nr_ms = 0;
		}
	}
	return err;
}

static bool allm_fits(const struct scan *sc, const char *p, uint64_t addr)
{
	uint64_t sched = sc->live->at.sched;

	/* sched.midle and sched.freem may hold the newest M as well */
	if (sched && addr >= sched && addr < sched + at_of(sc->live, SCHED_SIZE))
		return false;
	return sc->nr_ms && get64(p, 0) == sc->ms[0];
}

/* ---- allp, sched ---- */

/* With all that hangs off them: a list of small numbers easily looks like Ps. */
static int try_ps(struct go_live *live, uint64_t allp)
{
	uint64_t kept = live->at.allp;
	int err = live__try_ps(live, allp);

	live->at.allp = allp;
	if (!err)
		err = live__try_mcaches(live);
	live->at.allp = kept;
	return err;
}

static bool allp_fits(const struct scan *sc, const char *p, uint64_t addr)
{
	uint64_t len = get64(p, 8), cap = get64(p, 16);

	return len && len <= cap && cap <= PS_MAX && pointer_like(get64(p, 0));
}

/* No count is as large as an address. */
static bool has_counts(const struct go_live *live, const char *p)
{
	for (size_t at = at_of(live, SCHED_TIMETORUN); at < at_of(live, SCHED_TIMETORUN) + at_of(live, HIST_SIZE);
	     at += 8) {
		if (get64(p, at) > UINT32_MAX)
			return false;
	}
	return true;
}

/* Few programs change the thread limit, and little else is that number in that place. */
static bool sched_fits(const struct scan *sc, const char *p, uint64_t addr)
{
	const struct go_live *live = sc->live;
	uint64_t next = get64(p, at_of(live, SCHED_MNEXT)), id, goids = get64(p, at_of(live, SCHED_GOIDGEN));
	uint32_t max = get32(p, at_of(live, SCHED_MAXMCOUNT));

	if (!next || next > max || max != M_LIMIT || next < (uint64_t)sc->nr_ms || goids > SANE || !goids ||
	    get32(p, at_of(live, SCHED_NMIDLE)) > next || !has_counts(live, p))
		return false;
	/* it numbers the Ms */
	return sc->nr_ms && !live__u64(live, sc->ms[0] + at_of(live, M_ID), &id) && next > id && next <= id + 4;
}

bool scan__has_all(const struct go_live *live, const enum go_field *f, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (live->layout.at[f[i]] < 0 || live->layout.at[f[i]] > SCHED_MAX)
			return false;
	}
	return true;
}

static int scan__scheduler(struct scan *sc, struct go_globals *found)
{
	static const enum go_field need[] = { M_G0,
					      M_ALLLINK,
					      G_M,
					      M_ID,
					      P_ID,
					      P_STATUS,
					      P_MCACHE,
					      SCHED_MNEXT,
					      SCHED_MAXMCOUNT,
					      SCHED_NMIDLE,
					      SCHED_TIMETORUN,
					      HIST_SIZE,
					      SCHED_SIZE };
	struct go_live *live = sc->live;
	int err;

	if (!scan__has_all(live, need, ARRAY_SIZE(need)) ||
	    live->layout.at[SCHED_TIMETORUN] + live->layout.at[HIST_SIZE] > live->layout.at[SCHED_SIZE])
		return 0;
	err = scan__find_head(sc);
	if (err)
		return err;
	sc->m0 = sc->nr_ms ? sc->ms[sc->nr_ms - 1] : 0;
	if (!found->allp)
		err = scan__find(sc, 0, 24, allp_fits, try_ps, &found->allp);
	/* the trials of the next one check against what was found */
	live->at.allp = found->allp;
	live->valid |= found->allp ? GO_VALID_PS : 0;
	if (!err && !found->sched)
		err = scan__find(sc, 0, at_of(live, SCHED_SIZE), sched_fits, live__try_sched, &found->sched);
	live->at.sched = found->sched;
	if (!err && !found->allm)
		err = scan__find(sc, 0, 8, allm_fits, live__try_ms, &found->allm);
	return err;
}

int live__scan(struct go_live *live, struct image *img, struct go_globals *found)
{
	struct scan sc = { .live = live };
	struct go_globals kept = live->at;
	unsigned valid = live->valid;
	int err = scan__read(&sc, img);

	live->priv->scanning = true;
	if (!err)
		err = scan__scheduler(&sc, found);
	if (!err)
		err = scan__memory(&sc, found);
	live->priv->scanning = false;
	live->at = kept;
	live->valid = valid;
	scan__free(&sc);
	return err;
}
