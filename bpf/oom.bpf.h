/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is killed for want of memory, and whose limit that was. */
#ifndef TARE_OOM_BPF_H
#define TARE_OOM_BPF_H

#include "tare.bpf.h"

#define MEMORY_MAX_DEPTH 16
#define MEMORY_NO_LIMIT                                                                               \
	(1ull << 40) /* pages; PAGE_COUNTER_MAX is LONG_MAX / PAGE_SIZE, include/linux/page_counter.h \
		      */

static __always_inline struct cgroup_subsys_state *memory_css(struct task_struct *p)
{
	struct css_set *set = BPF_CORE_READ(p, cgroups);
	struct cgroup_subsys_state *css = NULL;

	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		bpf_probe_read_kernel(&css, sizeof(css),
				      (void *)&set->subsys +
					      sizeof(css) * bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	return css;
}

/*
 * Of the memory cgroups that @p is charged to, the one with the least room left: what it was killed for, unless that is
 * the machine's memory. Sets .limit_pages and .cgroup of @r; leaves them alone where there is no limit.
 */
static __always_inline void name_memory_limit(struct task_struct *p, struct tare_oom_kill *r)
{
	struct cgroup_subsys_state *css = memory_css(p);
	__s64 least = MEMORY_NO_LIMIT;

	for (int i = 0; i < MEMORY_MAX_DEPTH && css; i++) {
		struct mem_cgroup *group = (struct mem_cgroup *)css;
		__u64 max = BPF_CORE_READ(group, memory.max);
		__s64 room = max - BPF_CORE_READ(group, memory.usage.counter);

		if (max < MEMORY_NO_LIMIT && room < least) {
			least = room;
			r->limit_pages = max;
			bpf_probe_read_kernel_str(r->cgroup, sizeof(r->cgroup), BPF_CORE_READ(css, cgroup, kn, name));
		}
		css = BPF_CORE_READ(css, parent);
	}
}

#endif /* TARE_OOM_BPF_H */
