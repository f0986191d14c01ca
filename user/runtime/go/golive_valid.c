// SPDX-License-Identifier: BSD-2-Clause
/*
 * Does what was found look as the runtime must? Each check is made on the process itself, and each failure has a name.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "array.h"
#include "golive_impl.h"
#include "util.h"

/* ---- Ps ---- */

int live__ps(const struct go_live *live, uint64_t allp, struct p_list *list)
{
	uint64_t slice[3];
	int err = live__read(live, allp, slice, sizeof(slice));

	memset(list, 0, sizeof(*list));
	if (err)
		return err == -EFAULT ? -EINVAL : err;
	if (!slice[0] || !slice[1] || slice[1] > slice[2] || slice[2] > PS_MAX)
		return -EINVAL;
	list->ps = calloc(slice[2], sizeof(list->ps[0]));
	if (!list->ps)
		return -ENOMEM;
	err = live__read(live, slice[0], list->ps, slice[2] * sizeof(list->ps[0]));
	if (err) {
		free(list->ps);
		list->ps = NULL;
		return err == -EFAULT ? -EINVAL : err;
	}
	list->nr_used = slice[1];
	/* those beyond date from when GOMAXPROCS was larger: they count, too */
	for (list->nr = list->nr_used; list->nr < slice[2] && list->ps[list->nr]; list->nr++)
		;
	return 0;
}

static int try_p(struct go_live *live, const struct p_list *list, size_t i)
{
	enum { DEAD = 4 };
	char head[P_HEAD];
	uint32_t id, status;
	int err = live__read(live, list->ps[i], head, sizeof(head));

	if (err == -EFAULT) {
		live__problem(live, "allp: p[%zu] is at %#" PRIx64 ", which is not mapped", i, list->ps[i]);
		return -EINVAL;
	}
	if (err)
		return err;
	id = get32(head, at_of(live, P_ID));
	status = get32(head, at_of(live, P_STATUS));
	if (id != i) {
		live__problem(live, "allp: p[%zu].id is %d", i, (int)id);
		return -EINVAL;
	}
	if (status > DEAD) {
		live__problem(live, "allp: p[%zu].status is %u", i, status);
		return -EINVAL;
	}
	if (i < list->nr_used && status != DEAD && !get64(head, at_of(live, P_MCACHE))) {
		live__problem(live, "allp: p[%zu].mcache is nil", i);
		return -EINVAL;
	}
	return 0;
}

int live__try_ps(struct go_live *live, uint64_t allp)
{
	static const enum go_field need[] = { P_ID, P_STATUS, P_MCACHE, P_SYSCALLTICK };
	struct p_list list;
	int err;

	if (!live__has(live, need, ARRAY_SIZE(need), P_HEAD - 8))
		return -EINVAL;
	err = live__ps(live, allp, &list);
	if (err == -EINVAL)
		live__problem(live, "allp: no list of Ps");
	for (size_t i = 0; !err && i < list.nr; i++)
		err = try_p(live, &list, i);
	free(list.ps);
	return err;
}

/* ---- Ms ---- */

int live__ms(const struct go_live *live, uint64_t m, uint64_t **ms)
{
	size_t room = 0, nr = 0;
	int err;

	*ms = NULL;
	while (m) {
		if (nr == MS_MAX) {
			err = -ELOOP;
			goto fail;
		}
		if (ARRAY_GROW(*ms, room, nr + 1)) {
			err = -ENOMEM;
			goto fail;
		}
		(*ms)[nr++] = m;
		err = live__u64(live, m + at_of(live, M_ALLLINK), &m);
		if (err) {
			err = err == -EFAULT ? -EINVAL : err;
			goto fail;
		}
	}
	return nr;
fail:
	free(*ms);
	*ms = NULL;
	return err;
}

/* How many of the Ms' threads exist. Most thread ids that are set must exist: some threads end meanwhile. */
static int try_procids(struct go_live *live, const uint64_t *ms, int nr, int *known)
{
	uint64_t procid, wrong = 0;
	int set = 0, err = tid_list__read(&live->priv->tids, live->pid);

	*known = 0;
	for (int i = 0; !err && i < nr; i++) {
		err = live__u64(live, ms[i] + at_of(live, M_PROCID), &procid);
		if (err == -EFAULT)
			return -EINVAL;
		if (err || !procid)
			continue;
		set++;
		if (tid_list__find(&live->priv->tids, procid))
			(*known)++;
		else
			wrong = procid;
	}
	if (!err && (!*known || *known * 2 < set)) {
		live__problem(live, "allm: %d of %d Ms have threads of this process; %" PRIu64 " is none", *known, nr,
			      wrong);
		err = -EINVAL;
	}
	return err;
}

int live__try_chain(struct go_live *live, uint64_t head, int *known)
{
	uint64_t *ms = NULL, g0, back = 0;
	int nr = live__ms(live, head, &ms), err = nr < 0 ? nr : nr && !ms ? -EINVAL : 0;

	*known = 0;
	if (nr == -ELOOP)
		live__problem(live, "allm: the chain of Ms does not end");
	else if (nr == -EINVAL)
		live__problem(live, "allm: the chain of Ms leads out of memory");
	for (int i = 0; !err && i < nr; i++) {
		err = live__u64(live, ms[i] + at_of(live, M_G0), &g0);
		if (!err)
			err = live__u64(live, g0 + at_of(live, G_M), &back);
		if (err == -EFAULT || (!err && back != ms[i])) {
			live__problem(live, "allm: m.g0.m is not m, in M %d of %d", i, nr);
			err = -EINVAL;
		}
	}
	if (!err)
		err = try_procids(live, ms, nr, known);
	free(ms);
	return err == -ELOOP ? -EINVAL : err;
}

/* Releases of a version differ in what precedes m.alllink: if there is no chain there, look around it. */
static int find_alllink(struct go_live *live, uint64_t head)
{
	enum { FIRST = 304, LAST = 384 };
	int32_t said = live->layout.at[M_ALLLINK], best = -1;
	unsigned problems = live->priv->nr_problems;
	int known, most = 1, err;

	for (int32_t at = FIRST; at <= LAST; at += 8) {
		live->layout.at[M_ALLLINK] = at;
		err = live__try_chain(live, head, &known);
		live->priv->nr_problems = problems;
		if (err == -ESRCH || err == -EPERM || err == -ENOMEM)
			return err;
		/* the threads must be nearly all of the process's: with cgo there are some that Go does not know */
		if (!err && known > most && (size_t)known * 2 >= live->priv->tids.nr) {
			most = known;
			best = at;
		}
	}
	if (best < 0) {
		live->layout.at[M_ALLLINK] = said;
		return -EINVAL;
	}
	live__problem(live, "m.alllink: at %d, not at %d as in other releases", best, said);
	live->layout.at[M_ALLLINK] = best;
	return 0;
}

int live__try_ms(struct go_live *live, uint64_t allm)
{
	static const enum go_field need[] = { M_G0, M_PROCID, M_CURG, M_P, M_ID, M_ALLLINK, G_M };
	static const enum go_field need_g[] = { G_ATOMICSTATUS, G_GOID, G_WAITREASON };
	uint64_t head;
	int err, known = 0;

	if (!live__has(live, need, ARRAY_SIZE(need), M_HEAD - 8) ||
	    !live__has(live, need_g, ARRAY_SIZE(need_g), G_HEAD - 8))
		return -EINVAL;
	err = live__u64(live, allm, &head);
	if (err == -EFAULT || (!err && !head)) {
		live__problem(live, "allm: no list of Ms");
		return -EINVAL;
	}
	if (!err)
		err = live__try_chain(live, head, &known);
	/* a lone M in a process with more threads: the chain was not followed either */
	if (!live->priv->scanning && (err == -EINVAL || (!err && known == 1 && live->priv->tids.nr > 2)) &&
	    !find_alllink(live, head))
		err = 0;
	return err;
}

/* ---- sched ---- */

/* What is wrong with the bytes @s of sched, and the value; NULL: nothing. */
static const char *sched_wrong(struct go_live *live, const char *s, const struct p_list *ps, char buf[64], uint64_t *v)
{
	uint64_t nr_ps = ps->nr_used ? ps->nr_used : PS_MAX, mnext = get64(s, at_of(live, SCHED_MNEXT));
	const struct {
		enum go_field field;
		bool wide;
		uint64_t from, to;
	} rules[] = {
		{ SCHED_GOIDGEN, true, 1, SANE },	 { SCHED_MNEXT, true, 1, 1u << 31 },
		{ SCHED_NMIDLE, false, 0, mnext },	 { SCHED_MAXMCOUNT, false, 1, INT32_MAX },
		{ SCHED_NPIDLE, false, 0, nr_ps },	 { SCHED_NMSPINNING, false, 0, nr_ps },
		{ SCHED_STOPWAIT, false, 0, INT32_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		size_t at = at_of(live, rules[i].field);

		*v = rules[i].wide ? get64(s, at) : get32(s, at);
		if (*v < rules[i].from || *v > rules[i].to)
			return go_field__name(rules[i].field, buf);
	}
	/* a list is non-empty if, and only if, its count is */
	*v = get64(s, at_of(live, SCHED_MIDLE));
	if (!*v != !get32(s, at_of(live, SCHED_NMIDLE)))
		return go_field__name(SCHED_MIDLE, buf);
	*v = get64(s, at_of(live, SCHED_PIDLE));
	for (size_t i = 0; i < ps->nr_used && *v; i++) {
		if (ps->ps[i] == *v)
			return NULL;
	}
	return (*v && ps->nr_used) || !*v != !get32(s, at_of(live, SCHED_NPIDLE)) ? go_field__name(SCHED_PIDLE, buf) :
										    NULL;
}

/* The next number by the chain's first M, the newest: that one's plus one. 0 if unknown. */
static uint64_t newest_m(const struct go_live *live)
{
	uint64_t head, id;

	if (!live->at.allm || !(live->valid & GO_VALID_MS) || live__u64(live, live->at.allm, &head) ||
	    live__u64(live, head + at_of(live, M_ID), &id))
		return 0;
	return id + 1;
}

int live__try_sched(struct go_live *live, uint64_t sched)
{
	static const enum go_field need[] = { SCHED_GOIDGEN, SCHED_MNEXT,      SCHED_NMIDLE,   SCHED_MAXMCOUNT,
					      SCHED_NPIDLE,  SCHED_NMSPINNING, SCHED_STOPWAIT, SCHED_TIMETORUN,
					      SCHED_PIDLE,   SCHED_MIDLE };
	struct p_list list = { 0 };
	const char *what = NULL;
	char s[1024], name[64];
	uint64_t next = 0, v;
	int err = 0, tries;

	if (!live__has(live, need, ARRAY_SIZE(need), sizeof(s) - 8))
		return -EINVAL;
	if (live->valid & GO_VALID_PS)
		err = live__ps(live, live->at.allp, &list);
	for (tries = 0; !err && tries < live__tries(live); tries++) {
		if (tries)
			usleep(TRY_US);
		err = live__read(live, sched, s, sizeof(s));
		if (err)
			break;
		what = sched_wrong(live, s, &list, name, &v);
		next = newest_m(live);
		/* an M gets its number just before it joins the chain */
		if (!what && next && get64(s, at_of(live, SCHED_MNEXT)) < next) {
			v = get64(s, at_of(live, SCHED_MNEXT));
			what = go_field__name(SCHED_MNEXT, name);
		}
		if (!what)
			break;
	}
	free(list.ps);
	if (err == -EFAULT) {
		live__problem(live, "sched: at %#" PRIx64 ", which is not mapped", sched);
		return -EINVAL;
	}
	if (!err && what) {
		live__problem(live, "sched: %s is %#" PRIx64, what, v);
		return -EINVAL;
	}
	return err;
}
