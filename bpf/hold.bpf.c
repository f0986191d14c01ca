// SPDX-License-Identifier: GPL-2.0-only
/* The hold for kernels (later than 6.18) that pass the callback's arguments by themselves. */
#include "hold.bpf.h"

extern int bpf_task_work_schedule_resume(struct task_struct *p, struct bpf_task_work *work, void *map,
					 hold_fn *fn) __ksym;

static __always_inline int schedule(struct task_struct *p, struct bpf_task_work *work, hold_fn *fn)
{
	return bpf_task_work_schedule_resume(p, work, &holds, fn);
}
