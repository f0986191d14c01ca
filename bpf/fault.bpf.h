/* SPDX-License-Identifier: GPL-2.0-only */
/* The page fault from user space that a target thread is in. */
#ifndef TARE_FAULT_BPF_H
#define TARE_FAULT_BPF_H

#include "tare.bpf.h"

/* The ends of page faults are traced: a fault without one is still in progress. */
extern bool fault_ends;

/* Record the fault that @p is in, unless that was done. It began earlier, so the record comes late. */
static __always_inline void tell_fault(struct cpu_state *c, struct task_state *t, struct task_struct *p)
{
	struct tare_fault r = { .rec.kind = TARE_REC_FAULT, .tid = p->pid, .tgid = p->tgid };

	if (!t->fault_ts || t->fault_told)
		return;
	t->fault_told = 1;
	r.rec.flags = (t->fault_write ? TARE_FAULT_WRITE : 0) | (fault_ends ? TARE_FAULT_ENDS : 0);
	r.address = t->fault_address;
	r.ip = t->fault_ip;
	if (emit(c, t->fault_ts, &r.rec, sizeof(r)))
		__sync_fetch_and_add(&c->lost[TARE_LOST_EVIDENCE], 1);
}

#endif /* TARE_FAULT_BPF_H */
