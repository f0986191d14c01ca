/* SPDX-License-Identifier: GPL-2.0-only */
/* Copies of a target's memory, for the recorder. */
#ifndef TARE_MEMORY_BPF_H
#define TARE_MEMORY_BPF_H

#include "tare.bpf.h"

/* Per thread: a uprobe may be preempted, and another hit on its CPU meanwhile. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct tare_memory);
} memory_scratch SEC(".maps");

/* Copy @bytes at @address of the target, which is about to end. Returns 0 if they are in the ring. */
__noinline int copy(__u64 event, __u64 address, __u64 bytes)
{
	struct task_struct *p = bpf_get_current_task_btf();
	struct tare_memory *m = bpf_task_storage_get(&memory_scratch, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct cpu_state *c = this_cpu();
	__u32 len = (bytes + 3) & ~3u;
	int err = -1;

	if (!c)
		return -1;
	if (len > TARE_MEMORY_MAX)
		len = TARE_MEMORY_MAX;
	if (m) {
		m->rec.kind = TARE_REC_MEMORY;
		m->rec.flags = event;
		m->tgid = p->tgid;
		m->address = address;
		m->len = bpf_probe_read_user(m->bytes, len, (void *)address) ? 0 : len;
		err = emit(c, bpf_ktime_get_ns(), &m->rec, __builtin_offsetof(struct tare_memory, bytes) + len);
	}
	if (err)
		__sync_fetch_and_add(&c->lost[TARE_LOST_RUNTIME], 1);
	return err;
}

#endif /* TARE_MEMORY_BPF_H */
