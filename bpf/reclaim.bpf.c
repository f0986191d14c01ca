// SPDX-License-Identifier: GPL-2.0-only
/* Threads that must make room before they get memory: for their memory cgroup, or for the machine. */
#include "tare.bpf.h"
#include "oom.bpf.h"

/* The cgroup at its limit is looked for and told once in so long, for each thread. */
#define NAMED_NS 1000000000ull

static __always_inline int begin_reclaim(enum tare_prog prog)
{
	struct cpu_state *c = enter(prog);
	struct task_state *t = c ? target(bpf_get_current_task_btf()) : NULL;

	if (t)
		t->reclaim_ts = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int end_reclaim(enum tare_prog prog, __u64 pages, __u16 flags)
{
	struct tare_reclaim r = { .rec = { .kind = TARE_REC_RECLAIM, .flags = flags }, .pages = pages };
	__u32 size = __builtin_offsetof(struct tare_reclaim, cgroup);
	struct task_struct *p = bpf_get_current_task_btf();
	struct cpu_state *c = enter(prog);
	struct task_state *t = c ? target(p) : NULL;
	__u64 now;

	if (!t || !t->reclaim_ts)
		return 0;
	now = bpf_ktime_get_ns();
	r.tid = p->pid;
	r.tgid = p->tgid;
	r.ns = now - t->reclaim_ts;
	t->reclaim_ts = 0;
	if (flags & TARE_RECLAIM_CGROUP && now - t->reclaim_named_ts > NAMED_NS) {
		r.limit_pages = name_memory_limit(p, r.cgroup);
		t->reclaim_named_ts = now;
		size = sizeof(r);
	}
	if (emit(c, now, &r.rec, size))
		__sync_fetch_and_add(&c->lost[TARE_LOST_EVIDENCE], 1);
	return 0;
}

/* The arguments of these have changed: the number of pages, at the end, was always the first. */

SEC("raw_tp/mm_vmscan_memcg_reclaim_begin")
int memcg_reclaim_begin(__u64 *ctx)
{
	return begin_reclaim(PROG_memcg_reclaim_begin);
}

SEC("raw_tp/mm_vmscan_memcg_reclaim_end")
int memcg_reclaim_end(__u64 *ctx)
{
	return end_reclaim(PROG_memcg_reclaim_end, ctx[0], TARE_RECLAIM_CGROUP);
}

SEC("raw_tp/mm_vmscan_direct_reclaim_begin")
int direct_reclaim_begin(__u64 *ctx)
{
	return begin_reclaim(PROG_direct_reclaim_begin);
}

SEC("raw_tp/mm_vmscan_direct_reclaim_end")
int direct_reclaim_end(__u64 *ctx)
{
	return end_reclaim(PROG_direct_reclaim_end, ctx[0], 0);
}
