/* SPDX-License-Identifier: GPL-2.0-only */
/* What all BPF programs share: configuration, maps, finding a thread's state, emitting a record. */
#ifndef TARE_BPF_H
#define TARE_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "shared.h"

/*
 * A function of its own, verified once whoever calls it: the verifier follows others again on each path to them, which
 * takes long or is too much for it. Takes and returns numbers only (pointers need Linux 5.12).
 */
#define APART __attribute__((weak)) __noinline

/* Nothing is recorded before the recorder has attached everything and set this. */
extern bool active;

/* Target threads that have not ended. */
extern __s64 nr_live;

/* One bit per signal number: the preemption requests of targets' runtimes. */
extern __u64 preempt_signals;

/* A task was renamed: names that rings hold may be stale. */
extern __u32 names_generation;

/* Of each CPU. */
extern const volatile __u32 nr_rings, ring_bytes;
/* Wake the reader once a CPU's rings hold more bytes than this; otherwise it comes by itself. */
extern const volatile __u64 wake_at_bytes;
/* Waits at least this long are recorded with their stacks; 0: none are. */
extern const volatile __u64 off_cpu_min_ns;
/* Children of target processes are targets too. */
extern const volatile bool follow;
/* Processes that take this name are targets too; empty: none do. */
extern const volatile char follow_comm[TARE_COMM_LEN];

struct tasks_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
};
extern struct tasks_map tasks SEC(".maps");

struct cpus_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* the recorder sets it to the number of possible CPUs */
	__type(key, __u32);
	__type(value, struct cpu_state);
};
extern struct cpus_map cpus SEC(".maps");

/*
 * Each online CPU has its own: no lock is ever contended, and records need not name their CPU. The kernel allocates a
 * ring in one go, during which its caller has the CPU to itself (35 ms for 16 MB where a virtual machine's memory is
 * not there yet), so a CPU has several small ones, filled in turn.
 */
struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};
struct rings_map {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct ring_map);
};
extern struct rings_map rings SEC(".maps");

static __always_inline struct cpu_state *this_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&cpus, &cpu);
}

/* For a program that counts its runs and has nothing to do until the recording begins. */
static __always_inline struct cpu_state *enter(enum tare_prog prog)
{
	struct cpu_state *c = this_cpu();

	if (!c || !active)
		return NULL;
	c->hits[prog]++;
	return c;
}

/* The state of @p if it is a target thread, else NULL. */
static __always_inline struct task_state *target(struct task_struct *p)
{
	struct task_state *t = bpf_task_storage_get(&tasks, p, NULL, 0);

	return t && t->ready ? t : NULL;
}

/* A word of the current task's memory; 0 where it cannot be read. */
static __always_inline __u64 peek(__u64 address)
{
	__u64 value;

	return bpf_probe_read_user(&value, sizeof(value), (void *)address) ? 0 : value;
}

/* Check the fill once in so many records: a check costs a third of a record. */
#define QUERY_EVERY 32

/* Where the reader falls behind, the second half of the room is reserved for the target's own records. */
#define CROWDED_AT_BYTES (2 * wake_at_bytes)

/* Ring @nr of this CPU, counting on from the first one; NULL: the CPU came online later. */
static __always_inline void *ring_of_cpu(__u32 nr)
{
	__u32 at = bpf_get_smp_processor_id() * nr_rings + (nr & (nr_rings - 1));

	return bpf_map_lookup_elem(&rings, &at);
}

/* How many bytes wait for the reader in this CPU's rings, at most; those before the last one are full. */
static __always_inline __u64 filled(struct cpu_state *c)
{
	void *ring = ring_of_cpu(c->filling);

	return (ring ? bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) : 0) + (__u64)(c->filling - c->draining) * ring_bytes;
}

/* Are this CPU's rings too full for records of other tasks? Re-checked on every call while they are. */
static __always_inline bool is_crowded(struct cpu_state *c)
{
	if (c->crowded)
		c->crowded = filled(c) > CROWDED_AT_BYTES;
	return c->crowded;
}

/*
 * Ring @full has no room: go on with the next one, if the reader is done with that. @size has 64 bits so that the
 * verifier keeps its bounds where it is spilled.
 */
static __noinline int append_to_next(struct cpu_state *c, __u32 full, void *data, __u64 size, __u64 flags)
{
	void *ring;

	if ((__s32)(full + 1 - c->draining) >= (__s32)nr_rings)
		return -1;
	/* whoever interrupted this program may have gone on already, so it is not set to full + 1 */
	if (c->filling == full)
		__sync_fetch_and_add(&c->filling, 1);
	ring = ring_of_cpu(c->filling);
	return ring ? bpf_ringbuf_output(ring, data, size, flags) : -1;
}

static __always_inline int append(struct cpu_state *c, void *data, __u64 size, __u64 flags)
{
	__u32 nr = c->filling;
	void *ring = ring_of_cpu(nr);

	if (!ring)
		return -1;
	return bpf_ringbuf_output(ring, data, size, flags) ? append_to_next(c, nr, data, size, flags) : 0;
}

/*
 * Append a record of @size bytes to this CPU's rings. Returns 0, or a negative
 * error if they are full: the caller then counts the loss, by class. @flags:
 * BPF_RB_FORCE_WAKEUP if the reader must look at it at once.
 */
static __always_inline int emit_with(struct cpu_state *c, __u64 ts, struct tare_rec *rec, __u32 size, __u64 flags)
{
	__s64 gap = ts - c->last_ts;
	int err;

	rec->ts_lo = ts;
	rec->words = size / 4;
	if (gap > (__s64)TARE_SYNC_NS || gap < -(__s64)TARE_SYNC_NS) {
		struct tare_sync sync = {
			.rec = { .ts_lo = ts, .kind = TARE_REC_SYNC, .words = sizeof(sync) / 4 },
			.ts_hi = ts >> 32,
		};

		err = append(c, &sync, sizeof(sync), BPF_RB_NO_WAKEUP);
		if (err)
			return err;
		c->last_ts = ts;
	}
	if (++c->since_query >= QUERY_EVERY) {
		__u64 bytes = filled(c);

		c->since_query = 0;
		c->crowded = bytes > CROWDED_AT_BYTES;
		if (bytes > wake_at_bytes)
			flags = BPF_RB_FORCE_WAKEUP;
	}
	err = append(c, rec, size, flags);
	if (!err)
		c->last_ts = ts;
	return err;
}

static __always_inline int emit(struct cpu_state *c, __u64 ts, struct tare_rec *rec, __u32 size)
{
	return emit_with(c, ts, rec, size, BPF_RB_NO_WAKEUP);
}

/* emit() for the rare records of one class. */
#define EMIT_TASK(c, ts, r)                               \
	do {                                              \
		if (emit(c, ts, &(r)->rec, sizeof(*(r)))) \
			c->lost[TARE_LOST_TASK]++;        \
	} while (0)

#define EMIT_TASK_NOW(c, ts, r)                                                     \
	do {                                                                        \
		if (emit_with(c, ts, &(r)->rec, sizeof(*(r)), BPF_RB_FORCE_WAKEUP)) \
			c->lost[TARE_LOST_TASK]++;                                  \
	} while (0)

#define EMIT_EVIDENCE(c, ts, r)                                                  \
	do {                                                                     \
		if (emit(c, ts, &(r)->rec, sizeof(*(r))))                        \
			__sync_fetch_and_add(&(c)->lost[TARE_LOST_EVIDENCE], 1); \
	} while (0)

#endif /* TARE_BPF_H */
