/* SPDX-License-Identifier: GPL-2.0-only */
/* Which goroutine a thread runs, read from the runtime's memory: no probe is needed for it. */
#ifndef TARE_GOROUTINE_BPF_H
#define TARE_GOROUTINE_BPF_H

#include "tare.bpf.h"
#include "kernel.bpf.h"

struct go_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_GO_PROCESSES);
	__type(key, __u32);	/* tgid */
	__type(value, struct go_facts);
};
extern struct go_map go_processes SEC(".maps");

/* What is copied of each at its end: see goexit.bpf.h. */
struct exit_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, MAX_GO_PROCESSES);
	__type(key, __u32);	/* tgid */
	__type(value, struct go_exit);
};
extern struct exit_map go_exits SEC(".maps");

/* No process is in the map: then nobody looks there. */
extern bool any_go;

static __always_inline __u64 peek(__u64 address)
{
	__u64 value;

	return bpf_probe_read_user(&value, sizeof(value), (void *)address) ? 0 : value;
}

/* The m of the current task @p, which runs Go; 0 where it cannot be had. */
static __always_inline __u64 go_m(const struct go_facts *go, struct task_struct *p)
{
	__u64 g = peek(thread_pointer(p) + go->g_at);

	return g ? peek(g + go->g_m) : 0;
}

static __always_inline const struct go_facts *go_facts(struct task_struct *p)
{
	__u32 tgid = p->tgid;

	return any_go ? bpf_map_lookup_elem(&go_processes, &tgid) : NULL;
}

/* The number of the goroutine that the current task @p runs; 0: none, or it is not a Go process's. */
static __always_inline __u64 go_current(struct task_struct *p)
{
	const struct go_facts *go = go_facts(p);
	__u64 m = go ? go_m(go, p) : 0, g = m ? peek(m + go->m_curg) : 0;

	return g ? peek(g + go->goid) : 0;
}

/* Tell what the current task @p runs, before the record that it belongs to. Nothing where it runs no goroutine. */
static __always_inline void tell_goroutine(struct cpu_state *c, struct task_struct *p, __u64 now)
{
	struct tare_goroutine r = { .rec.kind = TARE_REC_GOROUTINE, .tid = p->pid, .p = -1 };
	const struct go_facts *go = go_facts(p);
	__u64 m = go ? go_m(go, p) : 0, g = m ? peek(m + go->m_curg) : 0, owned;
	__u32 status = 0;
	__u8 reason = 0;

	if (!g)
		return;
	r.goroutine = peek(g + go->goid);
	if (go->status >= 0)
		bpf_probe_read_user(&status, sizeof(status), (void *)g + go->status);
	if (go->wait_reason >= 0)
		bpf_probe_read_user(&reason, sizeof(reason), (void *)g + go->wait_reason);
	owned = go->m_p >= 0 ? peek(m + go->m_p) : 0;
	if (owned && go->p_id >= 0)
		r.p = peek(owned + go->p_id);
	r.rec.flags = status;
	r.wait_reason = reason;
	if (emit(c, now, &r.rec, sizeof(r)))
		__sync_fetch_and_add(&c->lost[TARE_LOST_EVIDENCE], 1);
}

#endif /* TARE_GOROUTINE_BPF_H */
