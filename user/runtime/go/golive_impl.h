/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of golive share. */
#ifndef TARE_GOLIVE_IMPL_H
#define TARE_GOLIVE_IMPL_H

#include <string.h>

#include "golive.h"

#define SANE (1ull << 50) /* no count or size of a process gets this large */

enum {
	PS_MAX = 16384,	   /* no more than this is believed */
	MS_MAX = 20000,	   /* Go itself dies at 10,000, unless told otherwise */
	CLASSES_MAX = 80,  /* size classes; 68 in every version so far */
	SPANS = 136,	   /* mcache.alloc: each class with and without pointers */
	SCHED_MAX = 16384, /* at most this much of sched is read */
	PROBLEMS_MAX = 24,
	PROBLEM_LEN = 112,
};

enum { TRIES_LIVE = 20, TRY_US = 200 }; /* what changes while it is read is read again */

/* Fields lie at most this far into a struct, except for a few of a P: this much is read at once. */
enum { M_HEAD = 512, P_HEAD = 512, G_HEAD = 384 };

/* A thread's id in the target's namespace, and in ours. */
struct tid_pair {
	uint64_t procid;
	pid_t tid;
};

struct tid_list {
	struct tid_pair *pairs; /* sorted by .procid */
	size_t nr;
};

/* The Ps, in order: those in use, then those from when GOMAXPROCS was larger. */
struct p_list {
	uint64_t *ps;
	size_t nr, nr_used;
};

/* Sums over the Ps. */
struct ps_counts {
	uint64_t unused_ids; /* goroutine ids that the Ps hold and have not used yet; TARE_UNKNOWN */
	uint64_t created, syscalls;
	uint32_t ticks; /* runs of goroutines with a time slice of their own: modulo 2^32 */
};

/* What the number of goroutine switches is derived from, see golive_runs.c. */
struct switch_base {
	uint64_t samples, zero;
	uint64_t created, collections;
	struct ps_counts before, after; /* the samples were read */
	uint64_t sure, counted;		/* since both last agreed */
	uint64_t switches;		/* so far */
};

struct go_live_private {
	char problems[PROBLEMS_MAX][PROBLEM_LEN];
	unsigned nr_problems;
	struct tid_list tids;
	struct ps_counts ps;
	struct switch_base base;
	uint64_t stack_bytes; /* of goroutine stacks, or TARE_UNKNOWN */
	uint64_t last_bytes, last_objects;
	const struct go_copy *copy; /* NULL: the process itself is read */
	uint64_t copied_ns;
	bool only_copy; /* there never was anything else: what it lacks is unknown */
	bool scanning;	/* many places are tried: no time to wait, and refusals say nothing */
};

static inline uint64_t get64(const void *p, size_t at)
{
	uint64_t v;

	memcpy(&v, (const char *)p + at, sizeof(v));
	return v;
}

static inline uint32_t get32(const void *p, size_t at)
{
	uint32_t v;

	memcpy(&v, (const char *)p + at, sizeof(v));
	return v;
}

static inline uint16_t get16(const void *p, size_t at)
{
	uint16_t v;

	memcpy(&v, (const char *)p + at, sizeof(v));
	return v;
}

/* A field's offset: live__has() must have said yes to it. */
static inline size_t at_of(const struct go_live *live, enum go_field f)
{
	return live->layout.at[f];
}

static inline int live__tries(const struct go_live *live)
{
	return live->priv->scanning || live->priv->copy ? 1 : TRIES_LIVE;
}

/* ---- golive_copy.c ---- */

/* Read @len bytes. Returns 0, -EFAULT (no piece covers it all) or -ENODATA (part of it is unknown). */
int go_copy__read(const struct go_copy *copy, uint64_t addr, void *buf, size_t len);

/* ---- golive_mem.c ---- */

/* Read @len bytes. Returns 0, -EFAULT (not mapped), -ESRCH, -EPERM. */
int live__read(const struct go_live *live, uint64_t addr, void *buf, size_t len);
int live__u64(const struct go_live *live, uint64_t addr, uint64_t *v);
int live__u32(const struct go_live *live, uint64_t addr, uint32_t *v);
/* Read @len bytes from each of @nr addresses, one after the other; zeros if unmapped. Returns 0, -ESRCH, -EPERM. */
int live__gather(const struct go_live *live, const uint64_t *addrs, size_t nr, void *buf, size_t len);

/* Some bytes to be read, and where to: one piece right behind the other. */
struct live_piece {
	uint64_t addr;
	size_t len;
	bool read; /* false: not all of it is mapped */
};

/* Read all @nr pieces into @buf, one after the other. Returns 0, -ESRCH, -EPERM. */
int live__read_pieces(const struct go_live *live, struct live_piece *pieces, size_t nr, void *buf);

/* The current threads. Returns 0 or a negative errno. tid_list__free() in any case. */
int tid_list__read(struct tid_list *list, pid_t pid);
void tid_list__free(struct tid_list *list);
/* 0: no such thread. */
pid_t tid_list__find(const struct tid_list *list, uint64_t procid);

/* Note a problem, unless it is noted already or there are too many. */
void live__problem(struct go_live *live, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Does the version have all of these @nr fields, each within @limit? The first one missing is noted as a problem. */
bool live__has(struct go_live *live, const enum go_field *fields, size_t nr, int32_t limit);

/* ---- golive_valid.c, golive_heap.c: 0; -EINVAL with the problem noted; -ESRCH, -EPERM ---- */

int live__try_ps(struct go_live *live, uint64_t allp);
int live__try_ms(struct go_live *live, uint64_t allm);
/* The chain that begins with M @head. @known: how many of its Ms have a thread that exists. */
int live__try_chain(struct go_live *live, uint64_t head, int *known);
int live__try_sched(struct go_live *live, uint64_t sched);
int live__try_memstats(struct go_live *live, uint64_t memstats);
int live__try_gc(struct go_live *live, uint64_t gc, uint64_t memstats);
int live__try_mcaches(struct go_live *live);

/* The Ps in the slice at @allp; free() .ps. Returns 0, -EINVAL, -ENOMEM, -ESRCH, -EPERM. */
int live__ps(const struct go_live *live, uint64_t allp, struct p_list *list);
/* The Ms in the chain from @m on. The caller frees @ms. Returns their number, -ELOOP, -EINVAL, ... */
int live__ms(const struct go_live *live, uint64_t m, uint64_t **ms);

/* ---- golive_count.c, golive_runs.c: 0; -EINVAL, -EFAULT, -ENOMEM, -ESRCH, -EPERM ---- */

/* What the allocator and the collector count; other fields of @c stay. */
int live__count_heap(struct go_live *live, struct tare_counters *c);
/* Sum up what all Ps count; needs GO_VALID_PS. */
int live__count_ps(const struct go_live *live, struct ps_counts *n);
/* The last of the counters: the others in @c are already known. */
int live__count_switches(struct go_live *live, struct tare_counters *c);

/* ---- golive_cpu.c: as above ---- */

int live__try_cpu_stats(struct go_live *live, uint64_t cpu_stats);
int live__try_scavenge(struct go_live *live, uint64_t scavenge);
/* Its account of CPU time; needs .collections. */
int live__count_cpu(struct go_live *live, struct tare_counters *c);

/* ---- golive_scan.c ---- */

/* Fill the globals that are 0 in @found by searching @img's writable data. Returns 0, -ESRCH, -EPERM, -ENOMEM. */
int live__scan(struct go_live *live, struct image *img, struct go_globals *found);

#endif /* TARE_GOLIVE_IMPL_H */
