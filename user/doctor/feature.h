/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this kernel and these privileges allow, found by trying: a version number says nothing about a distribution's
 * backports, its configuration, a container's seccomp filter or kernel lockdown. Each trial takes a few ms at most and
 * leaves nothing behind.
 */
#ifndef TARE_FEATURE_H
#define TARE_FEATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "progs.h"

enum feature_id {
	FEATURE_CAPABILITIES,
	FEATURE_OTHER_PROCESSES, /* read maps and files of other users' processes */
	FEATURE_BTF,
	FEATURE_BPF,
	FEATURE_READ_KERNEL, /* bpf_probe_read_kernel() */
	FEATURE_RINGBUF,
	FEATURE_RING_SHARDS, /* ring buffers as inner maps */
	FEATURE_TASK_STORAGE,
	FEATURE_TASK_ITER,
#define X(prog, ...) FEATURE_TP_##prog, /* BTF tracepoints */
	TARE_TRACEPOINTS(X)
#undef X
		FEATURE_EXEC_HOLD, /* task work */
	FEATURE_FIELD_RUN_DELAY,   /* fields of the kernel's own structures */
	FEATURE_FIELD_THROTTLED_CLOCK,
	FEATURE_FIELD_TASK_THROTTLED,
	FEATURE_RUNQUEUES, /* the way from a thread to its run queue */
	FEATURE_BPF_STATS,
	FEATURE_PRIORITY,  /* of the recorder */
	FEATURE_CPU_CLOCK, /* perf events */
	FEATURE_PAGE_FAULTS,
	FEATURE_FIND_VMA,
	FEATURE_UPROBE,
	FEATURE_UPROBE_MULTI,
	FEATURE_ALLOC_SITES,
	FEATURE_USDT_SEMAPHORE,
	FEATURE_NOP5, /* a uprobe without a trap */
	FEATURE_CGROUP,
	FEATURE_CGROUP_CPU,
	FEATURE_PERF_PARANOID, /* settings: "works" means they are not in the way */
	FEATURE_LOCKDOWN,
	NR_FEATURES,
};

enum feature_state { FEATURE_UNKNOWN, FEATURE_WORKS, FEATURE_MISSING };

struct feature_info {
	const char *id;	  /* stable, for scripts */
	const char *name; /* for people */
	const char *lost_without;
	const char *granted_by;
	bool required; /* tare cannot record without it */
};

struct feature_result {
	enum feature_state state;
	char reason[160]; /* why it is missing; a detail, or "", if it works. Safe to print */
};

/* What is said of @id, static; NULL: there is no such feature. */
const struct feature_info *feature__info(enum feature_id id);

/* Try @id and put the verdict into @result. Returns 0, or -EINVAL if there is no such feature. */
int feature__probe(enum feature_id id, struct feature_result *result);

/* "works", "missing", "unknown". */
const char *feature__state_name(enum feature_state state);

#endif /* TARE_FEATURE_H */
