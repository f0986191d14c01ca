// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "golive_goroutines.h"
#include "golive_impl.h"
#include "gonames.h"
#include "table.h"
#include "util.h"

enum {
	GS_MAX = 1 << 24, /* no more than this is believed */
	GS_AT_ONCE = 512,
	STACK_BYTES = 64 << 10, /* of one stack, from its top: callers beyond are not known */
	GAP = 256,		/* between two gs that are read at once */
	TIMES = 10,		/* each is read, before it counts as torn */
};

struct reading {
	struct go_live *live;
	go_g_visit *visit;
	void *ctx;
	struct table seen; /* addresses of gs: each is in the list once */
	size_t g_bytes;	   /* of each g, from its beginning */
	size_t dead;
	uint64_t at[GS_AT_ONCE];
	size_t nr;
	struct go_g gs[GS_AT_ONCE];
	bool settled[GS_AT_ONCE];
	struct live_piece pieces[GS_AT_ONCE];
	char before[GS_AT_ONCE * G_HEAD], after[GS_AT_ONCE * G_HEAD];
	struct live_piece runs[GS_AT_ONCE];
	char run_bytes[GS_AT_ONCE * (G_HEAD + GAP)];
	char words[GS_AT_ONCE * (size_t)STACK_BYTES], again[STACK_BYTES];
};

/* ---- the list ---- */

static int list__fail(struct go_live *live, const char *what, uint64_t value)
{
	live__problem(live, "allgs: %s (%#" PRIx64 ")", what, value);
	return -EINVAL;
}

/* The pointers in it, as of one moment: it grows, and what was its place may then be used otherwise. */
static int list__read(struct go_live *live, uint64_t **gs, size_t *nr)
{
	uint64_t slice[3], now[3];
	int err;

	*gs = NULL;
	for (int tries = 0; tries < TIMES; tries++) {
		err = live__read(live, live->at.allgs, slice, sizeof(slice));
		if (err)
			return err == -EFAULT ? list__fail(live, "not mapped", live->at.allgs) : err;
		if (!slice[0] || slice[0] % 8 || !slice[1] || slice[1] > slice[2])
			continue;
		if (slice[1] > GS_MAX)
			return list__fail(live, "more than any process has", slice[1]);
		*gs = malloc(slice[1] * sizeof(**gs));
		if (!*gs)
			return -ENOMEM;
		err = live__read(live, slice[0], *gs, slice[1] * sizeof(**gs));
		if (!err)
			err = live__read(live, live->at.allgs, now, sizeof(now));
		if (!err && now[0] == slice[0]) {
			*nr = slice[1];
			return 0;
		}
		free(*gs);
		*gs = NULL;
		if (err == -ESRCH || err == -EPERM)
			return err;
	}
	return err == -EFAULT ? list__fail(live, "the list is not mapped", slice[0]) :
				list__fail(live, "no list of goroutines", slice[0]);
}

/* ---- one g ---- */

static uint32_t status_of(const struct reading *r, const char *g)
{
	return get32(g, at_of(r->live, G_ATOMICSTATUS)) & ~(uint32_t)GO_STATUS_SCAN;
}

static bool is_parked(uint32_t status)
{
	return status == G_RUNNABLE || status == G_SYSCALL || status == G_WAITING || status == G_PREEMPTED ||
	       status == G_LEAKED;
}

static void decode(const struct reading *r, const char *g, struct go_g *to)
{
	const struct go_live *live = r->live;
	uint32_t status = status_of(r, g);
	bool in_call = status == G_SYSCALL;

	*to = (struct go_g){
		.id = get64(g, at_of(live, G_GOID)),
		.parent = live->layout.at[G_PARENTGOID] < 0 ? 0 : get64(g, at_of(live, G_PARENTGOID)),
		.waitsince = get64(g, at_of(live, G_WAITSINCE)),
		.created_pc = get64(g, at_of(live, G_GOPC)),
		.start_pc = get64(g, at_of(live, G_STARTPC)),
		/* the thread in a system call may be anywhere, but not above where it left Go's code */
		.pc = get64(g, at_of(live, in_call ? G_SYSCALLPC : G_PC)),
		.sp = get64(g, at_of(live, in_call ? G_SYSCALLSP : G_SP)),
		.status = status,
		.reason = g[at_of(live, G_WAITREASON)],
		.runs = g[at_of(live, G_TRACKINGSEQ)],
		.parked = is_parked(status),
	};
}

/* Is it the same goroutine, which has not run meanwhile? Each run that ends is counted in g.trackingSeq. */
static bool is_same(const struct reading *r, const char *a, const char *b)
{
	static const struct {
		enum go_field field;
		int bytes;
		bool parked; /* only of a parked one */
	} fields[] = {
		{ G_GOID, 8, false },	   { G_GOPC, 8, false },       { G_STARTPC, 8, false },
		{ G_SP, 8, true },	   { G_PC, 8, true },	       { G_STACKLO, 8, true },
		{ G_STACKHI, 8, true },	   { G_SYSCALLSP, 8, true },   { G_SYSCALLPC, 8, true },
		{ G_WAITREASON, 1, true }, { G_TRACKINGSEQ, 1, true },
	};
	uint32_t status = status_of(r, a);

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t at = at_of(r->live, fields[i].field);

		if ((is_parked(status) || !fields[i].parked) && memcmp(a + at, b + at, fields[i].bytes))
			return false;
	}
	return !is_parked(status) || status_of(r, b) == status;
}

/* The part of its stack to be read; .len 0: none, or its fields do not fit together just now. */
static struct live_piece piece_of(const struct reading *r, const struct go_g *g, const char *raw)
{
	uint64_t lo = get64(raw, at_of(r->live, G_STACKLO)), hi = get64(raw, at_of(r->live, G_STACKHI));
	struct live_piece p = { .addr = g->sp };

	if (g->parked && g->sp >= lo && g->sp < hi && !((hi | g->sp) % 8))
		p.len = hi - g->sp < STACK_BYTES ? hi - g->sp : STACK_BYTES;
	return p;
}

/* ---- many ---- */

/*
 * Read all of the batch into @to. Most lie in rows, as they were allocated: each row is read at once, with what is
 * between, since the kernel takes longer to find a place than to copy it.
 */
static int read_gs(struct reading *r, char *to)
{
	size_t nr = 0, of[GS_AT_ONCE], in[GS_AT_ONCE], start[GS_AT_ONCE], bytes = 0;
	const size_t many = r->nr;
	int err;

	for (size_t i = 0; i < many; i++) {
		struct live_piece *run = nr ? &r->runs[nr - 1] : NULL;

		if (run && r->at[i] >= run->addr + run->len && r->at[i] - run->addr - run->len <= GAP) {
			run->len = r->at[i] + r->g_bytes - run->addr;
		} else {
			r->runs[nr++] = (struct live_piece){ .addr = r->at[i], .len = r->g_bytes };
		}
		of[i] = nr - 1;
		in[i] = r->at[i] - r->runs[nr - 1].addr;
	}
	for (size_t i = 0; i < nr; bytes += r->runs[i++].len)
		start[i] = bytes;
	err = live__read_pieces(r->live, r->runs, nr, r->run_bytes);
	for (size_t i = 0; !err && i < many; i++) {
		if (!r->runs[of[i]].read)
			return live__gather(r->live, r->at, many, to, r->g_bytes);
		memcpy(to + i * r->g_bytes, r->run_bytes + start[of[i]] + in[i], r->g_bytes);
	}
	return err;
}

static int check(struct reading *r, size_t i, const char *g)
{
	uint32_t status = status_of(r, g);

	/* not even a new one is idle in that list */
	if (status && go_status(status))
		return 0;
	live__problem(r->live, "allgs: at %#" PRIx64 " is no goroutine: its status is %u", r->at[i], status);
	return -EINVAL;
}

static bool is_dead(uint32_t status)
{
	return status == G_DEAD || status == G_DEADEXTRA;
}

/* In a system call, its stack must have been the same twice: from Go 1.26 on such a run is not counted. */
static bool stack_is_same(struct reading *r, size_t i, const char *words)
{
	return r->gs[i].status != G_SYSCALL || (!live__read(r->live, r->pieces[i].addr, r->again, r->pieces[i].len) &&
						!memcmp(words, r->again, r->pieces[i].len));
}

/* Those that stood still are told; the rest is moved to the front, to be read again. */
static int sort_out(struct reading *r, bool last)
{
	const char *words = r->words;
	size_t left = 0;
	int err = 0;

	for (size_t i = 0; !err && i < r->nr; i++) {
		const char *a = r->before + i * r->g_bytes, *b = r->after + i * r->g_bytes;
		const struct live_piece *p = &r->pieces[i];
		struct go_g *g = &r->gs[i];
		bool settled = g->id && is_same(r, a, b) && (g->parked ? p->len && p->read : g->status == G_RUNNING) &&
			       stack_is_same(r, i, words);

		g->torn = !settled;
		if (is_dead(g->status))
			r->dead++;
		else if (settled || last)
			err = r->visit(g, (const uint64_t *)words, settled && g->parked ? p->len / 8 : 0, r->ctx);
		else
			r->at[left++] = r->at[i];
		words += p->len;
	}
	r->nr = left;
	return err;
}

static int read_once(struct reading *r, bool last)
{
	int err = read_gs(r, r->before);

	for (size_t i = 0; !err && i < r->nr; i++) {
		const char *raw = r->before + i * r->g_bytes;

		err = check(r, i, raw);
		decode(r, raw, &r->gs[i]);
		r->pieces[i] = piece_of(r, &r->gs[i], raw);
	}
	if (!err)
		err = live__read_pieces(r->live, r->pieces, r->nr, r->words);
	if (!err)
		err = read_gs(r, r->after);
	return err ?: sort_out(r, last);
}

static int read_batch(struct reading *r)
{
	int err = 0;

	for (size_t i = 0; i < r->nr; i++) {
		uint64_t *seen = r->at[i] && r->at[i] % 8 == 0 ? table__add(&r->seen, r->at[i]) : NULL;

		if (seen && !*seen) {
			*seen = 1;
			continue;
		}
		return seen ? list__fail(r->live, "a goroutine is in it twice", r->at[i]) :
			      list__fail(r->live, "no goroutine can be there", r->at[i]);
	}
	for (int n = 1; !err && r->nr && n <= TIMES; n++) {
		if (n > 2)
			usleep(20);
		err = read_once(r, n == TIMES);
	}
	return err;
}

static bool has_fields(struct go_live *live, size_t *bytes)
{
	static const enum go_field need[] = { G_ATOMICSTATUS, G_GOID,	     G_WAITREASON, G_SP,   G_PC,
					      G_STACKLO,      G_STACKHI,     G_SYSCALLSP,  G_GOPC, G_SYSCALLPC,
					      G_WAITSINCE,    G_TRACKINGSEQ, G_STARTPC };

	*bytes = live->layout.at[G_PARENTGOID] + 8;
	if (!live__has(live, need, ARRAY_SIZE(need), G_HEAD - 8) || *bytes > G_HEAD)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(need); i++)
		*bytes = at_of(live, need[i]) + 8 > *bytes ? at_of(live, need[i]) + 8 : *bytes;
	return true;
}

int go_live__goroutines(struct go_live *live, go_g_visit *visit, void *ctx, size_t *dead)
{
	struct reading *r;
	uint64_t *gs;
	size_t nr, bytes;
	int err;

	live->priv->nr_problems = 0;
	if (!live->at.allgs)
		return -ENOENT;
	if (!has_fields(live, &bytes))
		return -EINVAL;
	err = list__read(live, &gs, &nr);
	if (err)
		return err;
	/* mostly untouched: few stacks are deep */
	r = malloc(sizeof(*r));
	if (!r) {
		free(gs);
		return -ENOMEM;
	}
	r->live = live;
	r->visit = visit;
	r->ctx = ctx;
	r->g_bytes = bytes;
	r->dead = 0;
	table__init(&r->seen, GS_MAX);
	for (size_t i = 0; !err && i < nr; i += r->nr) {
		size_t n = nr - i < GS_AT_ONCE ? nr - i : GS_AT_ONCE;

		r->nr = n;
		memcpy(r->at, gs + i, n * sizeof(*gs));
		err = read_batch(r);
		r->nr = n;
	}
	*dead = r->dead;
	table__free(&r->seen);
	free(r);
	free(gs);
	return err;
}
