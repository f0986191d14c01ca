/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose limit it is that a thread lacks memory for. */
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
 * Of the memory cgroups that @p is charged to, the one with the least room left: what it lacks memory for, unless that
 * is the machine's memory. Writes the last part of its name and returns its limit, in pages; 0: there is none.
 */
static __always_inline __u64 name_memory_limit(struct task_struct *p, char cgroup[TARE_CGROUP_LEN])
{
	struct cgroup_subsys_state *css = memory_css(p);
	__s64 least = MEMORY_NO_LIMIT;
	__u64 limit = 0;

	for (int i = 0; i < MEMORY_MAX_DEPTH && css; i++) {
		struct mem_cgroup *group = (struct mem_cgroup *)css;
		__u64 max = BPF_CORE_READ(group, memory.max);
		__s64 room = max - BPF_CORE_READ(group, memory.usage.counter);

		if (max < MEMORY_NO_LIMIT && room < least) {
			least = room;
			limit = max;
			bpf_probe_read_kernel_str(cgroup, TARE_CGROUP_LEN, BPF_CORE_READ(css, cgroup, kn, name));
		}
		css = BPF_CORE_READ(css, parent);
	}
	return limit;
}

#endif /* TARE_OOM_BPF_H */
