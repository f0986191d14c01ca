/* SPDX-License-Identifier: GPL-2.0-only */
/* The goroutine that a thread runs, read from the runtime's memory: no probe is needed. */
#ifndef TARE_GOROUTINE_BPF_H
#define TARE_GOROUTINE_BPF_H

#include "kernel.bpf.h"
#include "tare.bpf.h"

struct path_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_RUNTIMES);
	__type(key, __u32); /* tgid */
	__type(value, struct goroutine_path);
};
extern struct path_map goroutine_paths SEC(".maps");

/* False while the map is empty: then there is no lookup. */
extern bool any_goroutines;

static __always_inline const struct goroutine_path *goroutine_path(struct task_struct *p)
{
	__u32 tgid = p->tgid;

	return any_goroutines ? bpf_map_lookup_elem(&goroutine_paths, &tgid) : NULL;
}

/* The runtime's structure for the current task @p; 0 if unavailable. */
static __always_inline __u64 runtime_thread(const struct goroutine_path *path, struct task_struct *p)
{
	__u64 noted = peek(thread_pointer(p) + path->noted_at);

	return noted ? peek(noted + path->thread) : 0;
}

/* The id of the goroutine that the current task @p runs; 0: none, or its process has none. */
static __always_inline __u64 current_goroutine(struct task_struct *p)
{
	const struct goroutine_path *path = goroutine_path(p);
	__u64 thread = path ? runtime_thread(path, p) : 0, g = thread ? peek(thread + path->current) : 0;

	return g ? peek(g + path->id) : 0;
}

/*
 * Emit what the current task runs, before the record that it belongs to. Emits nothing if it runs no goroutine. Always
 * 0. Verified apart: otherwise sched_switch takes the verifier ten times as long.
 */
APART int tell_goroutine(__u64 now)
{
	struct cpu_state *c = this_cpu();
	struct task_struct *p = bpf_get_current_task_btf();
	struct tare_goroutine r = { .rec.kind = TARE_REC_GOROUTINE, .tid = p->pid, .p = -1 };
	const struct goroutine_path *path = goroutine_path(p);
	__u64 thread = path ? runtime_thread(path, p) : 0, g = thread ? peek(thread + path->current) : 0, owned;
	__u32 status = 0;
	__u8 reason = 0;

	if (!g || !c)
		return 0;
	r.goroutine = peek(g + path->id);
	if (path->status >= 0)
		bpf_probe_read_user(&status, sizeof(status), (void *)g + path->status);
	if (path->wait_reason >= 0)
		bpf_probe_read_user(&reason, sizeof(reason), (void *)g + path->wait_reason);
	owned = path->p >= 0 ? peek(thread + path->p) : 0;
	if (owned && path->p_id >= 0)
		r.p = peek(owned + path->p_id);
	r.rec.flags = status;
	r.wait_reason = reason;
	if (emit(c, now, &r.rec, sizeof(r)))
		__sync_fetch_and_add(&c->lost[TARE_LOST_EVIDENCE], 1);
	return 0;
}

#endif /* TARE_GOROUTINE_BPF_H */
