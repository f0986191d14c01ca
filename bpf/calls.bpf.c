// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls by which targets get and return memory: sums by process and call. These programs run at each system call
 * of each task, so the recorder takes them out while there are too many.
 */
#include "tare.bpf.h"
#include "kernel.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALL_SUMS);
	__type(key, struct call_key);
	__type(value, struct call_sums);
} call_sums SEC(".maps");

/* Calls that began before are not counted: what came between was not seen. */
__u64 calls_since_ns = 0;
/* .max_ns is of this stretch. */
__u32 calls_stretch = 0;

static __always_inline enum tare_memory_call call_of(long nr)
{
	switch (nr) {
#if defined(__TARGET_ARCH_x86)
#define X(id, name, x86_64, arm64) \
	case x86_64:               \
		return TARE_CALL_##id;
#else
#define X(id, name, x86_64, arm64) \
	case arm64:                \
		return TARE_CALL_##id;
#endif
		TARE_MEMORY_CALLS(X)
#undef X
	}
	return TARE_CALL_ANY;
}

static __always_inline __u64 heap_end(struct task_struct *p)
{
	return BPF_CORE_READ(p, mm, brk);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(call_enter, struct pt_regs *regs, long nr)
{
	struct cpu_state *c = enter(PROG_call_enter);
	enum tare_memory_call call = call_of(nr);
	struct task_struct *p;
	struct task_state *t;

	if (!c || !call)
		return 0;
	p = bpf_get_current_task_btf();
	t = target(p);
	if (!t)
		return 0;
	if (call == TARE_CALL_BRK)
		t->call_bytes = heap_end(p);
	else
		t->call_bytes = call == TARE_CALL_MREMAP ? PT_REGS_PARM3_CORE(regs) : PT_REGS_PARM2_CORE(regs);
	t->call = is_compat(p) ? TARE_CALL_ANY : call;
	t->call_ts = bpf_ktime_get_ns();
	return 0;
}

/* Where there are none yet. NULL: too many processes have some. */
static __noinline struct call_sums *new_sums(struct call_key *key)
{
	struct call_sums zero = { 0 };

	bpf_map_update_elem(&call_sums, key, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&call_sums, key);
}

/* What brk() returns is where the heap ends, whether or not that is what was asked for: it never fails. */
static __always_inline __u64 moved(struct task_struct *p, __u64 from)
{
	__u64 to = heap_end(p);

	return to > from ? to - from : from - to;
}

static __always_inline void count(struct call_sums *s, struct task_struct *p, struct task_state *t, long ret)
{
	bool failed = t->call != TARE_CALL_BRK && (__u64)ret >= (__u64)-4095; /* MAX_ERRNO, include/linux/err.h */
	__u64 ns = bpf_ktime_get_ns() - t->call_ts;

	__sync_fetch_and_add(&s->count, 1);
	__sync_fetch_and_add(&s->ns, ns);
	if (failed)
		__sync_fetch_and_add(&s->failed, 1);
	else
		__sync_fetch_and_add(&s->bytes, t->call == TARE_CALL_BRK ? moved(p, t->call_bytes) : t->call_bytes);
	/* threads of one process may overwrite each other's: then the longest is not quite the longest */
	if (s->stretch != calls_stretch) {
		s->stretch = calls_stretch;
		s->max_ns = 0;
	}
	if (ns > s->max_ns)
		s->max_ns = ns;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(call_exit, struct pt_regs *regs, long ret)
{
	struct cpu_state *c = enter(PROG_call_exit);
	struct call_key key = { 0 };
	struct call_sums *s;
	struct task_struct *p;
	struct task_state *t;

	if (!c || !call_of(entered_by(regs)))
		return 0;
	p = bpf_get_current_task_btf();
	t = target(p);
	if (!t || !t->call || t->call_ts < calls_since_ns)
		return 0;
	key.tgid = p->tgid;
	key.call = t->call;
	s = bpf_map_lookup_elem(&call_sums, &key) ?: new_sums(&key);
	if (s)
		count(s, p, t, ret);
	else
		__sync_fetch_and_add(&c->lost[TARE_LOST_EVIDENCE], 1);
	t->call = TARE_CALL_ANY;
	return 0;
}
