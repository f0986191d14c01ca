// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "capability.h"
#include "feature_trials.h"
#include "util.h"

#define BY_CAPS	     "root, or CAP_BPF and CAP_PERFMON"
#define BY_PERF	     "root or CAP_PERFMON (CAP_SYS_ADMIN where kernel.perf_event_paranoid is above 2)"
#define BY_BANDWIDTH "a kernel with CONFIG_CFS_BANDWIDTH; without it there are no quotas to wait for"

struct feature {
	struct feature_info info;
	feature_trial_fn *probe;
	const char *arg;
};

#define REQUIRED true
#define OPTIONAL false
#define FEATURE(sym, id, name, required, probe, arg, lost, by) \
	[FEATURE_##sym] = { { id, name, lost, by, required }, probe, arg }
/* Ids are permanent: those of the timing ones predate this prefix. */
#define ID_ALWAYS   "tp_"
#define ID_CALLS    "tp_"
#define ID_EVIDENCE "tp_"
#define ID_TIMING   ""

#define X(prog, where, when, required, lost) static const char lost_without_##prog[] = lost;
TARE_ELSEWHERE(X)
#undef X

/* clang-format would take the rows after an X-table for the rest of one line. */
/* clang-format off */
static const struct feature features[NR_FEATURES] = {
	FEATURE(CAPABILITIES, "capabilities", "capabilities", REQUIRED, try_capabilities, NULL,
		"everything: the kernel lets only privileged processes trace others",
		"root (sudo tare), or `setcap cap_bpf,cap_perfmon=ep` on the file of tare; not inside a user namespace"),
	FEATURE(OTHER_PROCESSES, "other_processes", "others' processes", OPTIONAL, try_other_processes, NULL,
		"record of processes of other users, and of those whose program may be run but not read",
		"root or CAP_SYS_PTRACE; where the file is for its owner alone also CAP_DAC_READ_SEARCH"),
	FEATURE(BTF, "btf", "BTF", REQUIRED, try_btf, NULL,
		"everything: the offsets of the kernel's fields and the types of its tracepoints",
		"a kernel built with CONFIG_DEBUG_INFO_BTF, as those of the distributions are"),
	FEATURE(BPF, "bpf", "BPF programs", REQUIRED, try_bpf, NULL,
		"everything: what tare measures is measured by BPF programs",
		BY_CAPS "; in a container also a seccomp profile that allows bpf(2)"),
	FEATURE(READ_KERNEL, "read_kernel", "kernel memory reads", REQUIRED, try_read_kernel, NULL,
		"everything: why a thread left its CPU and how long it waited stand in the kernel's memory",
		BY_CAPS "; boot without lockdown=confidentiality"),
	FEATURE(RINGBUF, "ring_buffer", "ring buffer", REQUIRED, try_ringbuf, NULL,
		"everything: the way of events out of the kernel", "Linux 5.8 or later; " BY_CAPS),
	FEATURE(RING_SHARDS, "ring_shards", "array of ring buffers", REQUIRED, try_ring_shards, NULL,
		"everything: each group of CPUs has its own ring buffer", "Linux 5.8 or later; " BY_CAPS),
	FEATURE(TASK_STORAGE, "task_storage", "task storage", REQUIRED, try_task_storage, NULL,
		"everything: the state of each thread between two of its switches", "Linux 5.11 or later; " BY_CAPS),
	FEATURE(TASK_ITER, "task_iter", "task iterator", REQUIRED, try_task_iter, NULL,
		"everything: the kernel's own counters of each thread, when a recording begins and ends",
		"Linux 5.8 or later; " BY_CAPS),

#define X(prog, tracepoint, when, required, lost) \
	FEATURE(TP_##prog, ID_##when #prog, tracepoint, required, try_tp_btf, tracepoint, lost, \
		"a kernel with this tracepoint; " BY_CAPS),
	TARE_TRACEPOINTS(X)
#undef X

	FEATURE(EXEC_HOLD, "exec_hold", "hold at exec", OPTIONAL, try_exec_hold, NULL,
		lost_without_hold_at_exec,
		"Linux 6.18 or later; " BY_CAPS),
	FEATURE(FIELD_RUN_DELAY, "field_run_delay", "sched_info.run_delay", OPTIONAL, try_field,
		"task_struct.sched_info.run_delay",
		"the wait for a CPU to the ns as the kernel counts it, and its sum for each thread",
		"a kernel with CONFIG_SCHED_INFO (set by CONFIG_SCHEDSTATS or CONFIG_TASK_DELAY_ACCT)"),
	FEATURE(FIELD_THROTTLED_CLOCK, "field_throttled_clock", "throttled time", OPTIONAL, try_field,
		"cfs_rq.throttled_clock_self_time|cfs_rq.throttled_clock_pelt_time|cfs_rq.throttled_clock_task_time",
		"how long a CPU quota made a thread wait, told apart from the wait for a CPU", BY_BANDWIDTH),
	FEATURE(FIELD_TASK_THROTTLED, "field_task_throttled", "throttled state", OPTIONAL, try_field,
		"task_struct.throttled|cfs_rq.throttle_count",
		"a CPU quota as the reason why a thread left its CPU", BY_BANDWIDTH),
	FEATURE(RUNQUEUES, "runqueues", "run queue's clock", OPTIONAL, try_field, "cfs_rq.rq.clock",
		"the wait for a CPU by the clock that the kernel counts it by; tare takes its own",
		"a kernel with CONFIG_FAIR_GROUP_SCHED"),

	FEATURE(BPF_STATS, "bpf_stats", "BPF run-time statistics", OPTIONAL, try_bpf_stats, NULL,
		"what tare's own probes cost", "root or CAP_SYS_ADMIN"),
	FEATURE(PRIORITY, "priority", "recorder's priority", OPTIONAL, try_priority, NULL,
		"on a busy machine events, where the recorder comes too late; the report counts them",
		"root or CAP_SYS_NICE"),
	FEATURE(CPU_CLOCK, "cpu_clock", "CPU clock samples", OPTIONAL, try_cpu_clock, NULL,
		lost_without_cpu_clock, BY_PERF),
	FEATURE(PAGE_FAULTS, "page_faults", "page faults' ends", OPTIONAL, try_page_faults, NULL,
		lost_without_page_fault_end, BY_PERF),
	FEATURE(FIND_VMA, "find_vma", "what is mapped", OPTIONAL, try_find_vma, NULL, lost_without_page_fault,
		"Linux 5.17 or later; " BY_CAPS),
	FEATURE(UPROBE, "uprobe", "uprobes", OPTIONAL, try_uprobe, NULL,
		lost_without_runtime_uprobe,
		"Linux 6.6 or later and " BY_CAPS "; before, root or CAP_SYS_ADMIN, and CONFIG_UPROBE_EVENTS"),
	FEATURE(UPROBE_MULTI, "uprobe_multi", "uprobe_multi link", OPTIONAL, try_uprobe_multi, NULL,
		"time and privileges: uprobes are attached one by one, which takes CAP_SYS_ADMIN",
		"Linux 6.6 or later; " BY_CAPS),
	FEATURE(ALLOC_SITES, "alloc_sites", "probes in bursts", OPTIONAL, try_uprobe_multi, NULL,
		lost_without_alloc_site, "Linux 6.6 or later; " BY_CAPS),
	FEATURE(USDT_SEMAPHORE, "usdt_semaphore", "USDT semaphore", OPTIONAL, try_usdt_semaphore, NULL,
		"events of programs that only speak while their USDT probes are enabled", "a uprobe of either kind"),
	FEATURE(NOP5, "nop5", "uprobe without a trap", OPTIONAL, try_nop5, NULL,
		"time: a uprobe on a 5-byte nop costs as much as on any other instruction",
		"Linux 6.18 or later on x86-64; a uprobe of either kind"),
	FEATURE(CGROUP, "cgroup", "cgroups", OPTIONAL, try_cgroup, NULL, "tare record --cgroup",
		"mount -t cgroup2 none /sys/fs/cgroup"),
	FEATURE(CGROUP_CPU, "cgroup_cpu", "cgroup CPU quota", OPTIONAL, try_cgroup_cpu, NULL,
		"which quota held a process back: its cgroup and its limit", "a cgroup hierarchy with the cpu controller"),
	FEATURE(PERF_PARANOID, "perf_event_paranoid", "perf_event_paranoid", OPTIONAL, try_perf_paranoid, NULL,
		"pauses: samples of what code ran, and page faults' ends", BY_PERF),
	FEATURE(LOCKDOWN, "lockdown", "lockdown", OPTIONAL, try_lockdown, NULL,
		"what the lines above name", "boot without lockdown=confidentiality"),
};
/* clang-format on */

void result__set(struct feature_result *result, enum feature_state state, const char *fmt, ...)
{
	char text[sizeof(result->reason)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	result->state = state;
	sanitize(text, strlen(text), result->reason, sizeof(result->reason));
}

/* Do not send root, refused nevertheless, looking for a capability. */
void result__failed(struct feature_result *result, const char *what, int err)
{
	const char *why = "";

	if ((err == EPERM || err == EACCES) && capability__has(CAP_SYS_ADMIN))
		why = prctl(PR_GET_SECCOMP) > 0 ? " to root, so by a seccomp filter, a security module or lockdown" :
						  " to root, so by a security module or lockdown";
	result__set(result, FEATURE_MISSING, "%s: %s%s", what, strerror(err), why);
}

const struct feature_info *feature__info(enum feature_id id)
{
	return (unsigned int)id < NR_FEATURES ? &features[id].info : NULL;
}

int feature__probe(enum feature_id id, struct feature_result *result)
{
	libbpf_print_fn_t print = NULL;

	if ((unsigned int)id >= NR_FEATURES)
		return -EINVAL;
	/* a failed trial is an answer, not an error: libbpf must not report it */
	if (!verbose)
		print = libbpf_set_print(NULL);
	features[id].probe(features[id].arg, result);
	if (!verbose)
		libbpf_set_print(print);
	return 0;
}

const char *feature__state_name(enum feature_state state)
{
	static const char *const names[] = { "unknown", "works", "missing" };

	return names[state];
}
