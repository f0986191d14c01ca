/* SPDX-License-Identifier: BSD-2-Clause */
/* The cgroup whose CPU quota holds a process back, of either version. */
#ifndef TARE_CGROUP_H
#define TARE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup_quota {
	char path[1024]; /* of the folder, below where cgroups are mounted: "/system.slice/db.service"; not safe to
			    print */
	uint64_t quota_ns, period_ns;
};

/*
 * The tightest quota among those of the cgroup that @pid, a process or a thread, is in and of the ones above it.
 * Returns 0; -ENOENT: none has a quota, or no controller for that is mounted here; -ESRCH: no such process; or another
 * negative errno.
 */
int cgroup__quota(pid_t pid, struct cgroup_quota *quota);

/* How much more may be charged to a process, by the limit that leaves it least. */
struct cgroup_memory {
	char path[1024];		  /* as above */
	uint64_t limit_bytes, room_bytes; /* cached files count as room */
};

/* As above, for the limits of memory. */
int cgroup__memory(pid_t pid, struct cgroup_memory *least);

/*
 * A cgroup as the kernel sees it, also one that is not there yet or is made anew (as for a service that is restarted):
 * by its name in the one above.
 */
struct cgroup_place {
	bool exists;
	int hierarchy;	/* 0: version 2 */
	uint64_t above; /* the id of the one above; 0: it is the root of its hierarchy */
	char name[128]; /* as much as the kernel side compares */
};

/*
 * What the folder @path is, or will be once it is made. Returns 0; -ENOENT: neither it nor the folder above is a
 * cgroup; or another negative errno.
 */
int cgroup__locate(const char *path, struct cgroup_place *place);

/* Is thread @tid of @pid in another cgroup than the process's first one? */
bool cgroup__is_other(pid_t pid, pid_t tid);

#endif /* TARE_CGROUP_H */
