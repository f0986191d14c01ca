// SPDX-License-Identifier: BSD-2-Clause
#include "probe_room.h"

#define SPARE_PAGES 16 /* for page tables, and what the target itself allocates meanwhile */

bool probe_room__is_there(pid_t pid, size_t nr, uint64_t *need_bytes, struct cgroup_memory *least)
{
	*need_bytes = (nr + SPARE_PAGES) * PROBE_PAGE_BYTES;
	return cgroup__memory(pid, least) || least->room_bytes >= *need_bytes;
}
