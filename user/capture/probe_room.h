/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARE_CAPTURE_PROBE_ROOM_H
#define TARE_CAPTURE_PROBE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cgroup.h"

#define PROBE_PAGE_BYTES 4096ull

/*
 * Is there room in process @pid's memory cgroup for copies of @nr pages of code with a probe in them? The kernel
 * charges these to it; if it is full, a process in it may be killed before the kernel gives up (mm/memcontrol.c,
 * try_charge_memcg()). If not, sets @need_bytes and @least.
 */
bool probe_room__is_there(pid_t pid, size_t nr, uint64_t *need_bytes, struct cgroup_memory *least);

#endif /* TARE_CAPTURE_PROBE_ROOM_H */
