/* SPDX-License-Identifier: BSD-2-Clause */
/* The cgroup whose CPU quota throttles a process; versions 1 and 2. */
#ifndef TARE_CGROUP_H
#define TARE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup_quota {
	char path[1024]; /* of the folder, below the mount point: "/system.slice/db.service"; not safe to print */
	uint64_t quota_ns, period_ns;
};

/*
 * The tightest quota among the cgroup of @pid, a process or a thread, and its ancestors. Returns 0; -ENOENT: no quota,
 * or no such controller is mounted here; -ESRCH: no such process; or another negative errno.
 */
int cgroup__quota(pid_t pid, struct cgroup_quota *quota);

/*
 * The cgroup that process @pid is in, below the mount point; of both versions, the one that has it in some folder. Not
 * safe to print. Returns 0 or a negative errno.
 */
int cgroup__path(pid_t pid, char *path, size_t size);

/* How much more memory a process can be charged under its tightest limit. */
struct cgroup_memory {
	char path[1024];		  /* as above */
	uint64_t limit_bytes, room_bytes; /* cached files count as room */
};

/* As above, for memory limits. */
int cgroup__memory(pid_t pid, struct cgroup_memory *least);

/*
 * A cgroup as the kernel sees it: by its parent and its name. It need not exist yet, and may be recreated (as when a
 * service is restarted).
 */
struct cgroup_place {
	bool exists;
	int hierarchy;	/* 0: version 2 */
	uint64_t above; /* the parent's id; 0: this is the root of its hierarchy */
	char name[128]; /* as much as the kernel side compares */
};

/*
 * What the folder @path is, or will be once it is created. Returns 0; -ENOENT: neither it nor its parent is a cgroup;
 * or another negative errno.
 */
int cgroup__locate(const char *path, struct cgroup_place *place);

/* Is thread @tid of @pid in another cgroup than the process's first thread? */
bool cgroup__is_other(pid_t pid, pid_t tid);

#endif /* TARE_CGROUP_H */
