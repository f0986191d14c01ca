// SPDX-License-Identifier: GPL-2.0-only
/* The hold as Linux 6.18 has it. */
#include "hold.bpf.h"

extern int bpf_task_work_schedule_resume_impl(struct task_struct *p, struct bpf_task_work *work, void *map, hold_fn *fn,
					      void *aux) __ksym;

static __always_inline int schedule(struct task_struct *p, struct bpf_task_work *work, hold_fn *fn)
{
	return bpf_task_work_schedule_resume_impl(p, work, &holds, fn, NULL);
}
