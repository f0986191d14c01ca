// SPDX-License-Identifier: BSD-2-Clause
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "pid_ns.h"
#include "proc.h"
#include "hash.h"
#include "quotas.h"
#include "util.h"

#define MAX_TARGETS   65536
#define FIRST_STEP_NS 50000000ull
#define MAX_THREADS   256 /* looked at in one round, over all processes */

void quotas__init(struct quotas *q)
{
	*q = (struct quotas){ 0 };
	table__init(&q->said, MAX_TARGETS);
}

void quotas__free(struct quotas *q)
{
	table__free(&q->said);
}

struct round {
	struct quotas *q;
	struct writer *w;
	unsigned threads;
};

static uint64_t hash_of(const struct cgroup_quota *quota)
{
	uint64_t hash = hash__add(HASH_BEGIN, &quota->quota_ns, sizeof(quota->quota_ns));

	hash = hash__add(hash, &quota->period_ns, sizeof(quota->period_ns));
	return hash__add(hash, quota->path, strlen(quota->path));
}

/* @pid: a process or a thread */
static void write_quota(struct round *r, pid_t pid)
{
	struct tare_quota head = { .pid = pid };
	struct cgroup_quota quota;
	const char *path = "/";
	uint64_t *said, hash;

	if (cgroup__quota(pid, &quota)) {
		/* of one that ends, version 1 tells none: proc_cgroup_show(), kernel/cgroup/cgroup.c */
		if (!table__find(&r->q->said, pid) || proc__is_ending(pid))
			return;
		quota = (struct cgroup_quota){ 0 }; /* it has none any more */
	}
	hash = hash_of(&quota);
	said = table__add(&r->q->said, pid);
	if (!said || *said == hash)
		return;
	*said = hash;
	if (quota.path[0])
		path = quota.path;
	head.quota_ns = quota.quota_ns;
	head.period_ns = quota.period_ns;
	head.path_len = strlen(path);
	writer__named(r->w, TARE_FRAME_QUOTAS, now_ns(), &head, sizeof(head), path, head.path_len);
}

static void write_quotas(pid_t pid, void *ctx)
{
	struct round *r = ctx;
	char path[64];
	struct dirent *d;
	DIR *dir;

	write_quota(r, pid);
	snprintf(path, sizeof(path), "/proc/%d/task", pid_ns__here(pid));
	dir = opendir(path);
	while (dir && r->threads < MAX_THREADS && (d = readdir(dir))) {
		pid_t tid = pid_ns__kernel(atoi(d->d_name));

		r->threads++;
		/* also one that has moved back to where its process is */
		if (tid > 0 && tid != pid && (cgroup__is_other(pid, tid) || table__find(&r->q->said, tid)))
			write_quota(r, tid);
	}
	if (dir)
		closedir(dir);
}

void quotas__tick(struct quotas *q, const struct runtimes *r, struct writer *w, uint64_t now)
{
	struct round round = { q, w, 0 };

	if (now < q->next_ns)
		return;
	runtimes__for_each(r, write_quotas, &round);
	/* often at first: a starting program's threads may be moved */
	q->step_ns = q->step_ns * 2 < NSEC_PER_SEC ? q->step_ns * 2 : NSEC_PER_SEC;
	if (!q->step_ns)
		q->step_ns = FIRST_STEP_NS;
	q->next_ns = now + q->step_ns;
}
