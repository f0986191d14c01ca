/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a cgroup the one that the recording follows, or below it? Matched by name within its parent, since it may be
 * recreated.
 */
#ifndef TARE_CGROUP_BPF_H
#define TARE_CGROUP_BPF_H

#include "tare.bpf.h"

#define CGROUP_NAME_LEN	 128
#define CGROUP_MAX_DEPTH 32

const volatile bool follow_cgroup = false;
const volatile int follow_cgroup_hierarchy = 0;
const volatile __u64 follow_cgroup_above = 0; /* id; 0: the root is followed */
const volatile char follow_cgroup_name[CGROUP_NAME_LEN] = "";

static __noinline bool cgroup__has_name(struct cgroup *cgroup)
{
	char name[CGROUP_NAME_LEN] = "";

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(cgroup, kn, name));
	for (int i = 0; i < CGROUP_NAME_LEN; i++) {
		if (name[i] != follow_cgroup_name[i])
			return false;
		if (!name[i])
			break;
	}
	return true;
}

static __always_inline bool cgroup__is_followed(struct cgroup *cgroup)
{
	if (!follow_cgroup || BPF_CORE_READ(cgroup, root, hierarchy_id) != follow_cgroup_hierarchy)
		return false;
	if (!follow_cgroup_above)
		return true;
	for (int i = 0; i < CGROUP_MAX_DEPTH; i++) {
		struct cgroup_subsys_state *parent = BPF_CORE_READ(cgroup, self.parent);
		struct cgroup *above = parent ? BPF_CORE_READ(parent, cgroup) : NULL;

		if (!above)
			return false;
		if (BPF_CORE_READ(above, kn, id) == follow_cgroup_above && cgroup__has_name(cgroup))
			return true;
		cgroup = above;
	}
	return false;
}

#endif /* TARE_CGROUP_BPF_H */
