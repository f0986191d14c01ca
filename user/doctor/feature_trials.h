/* SPDX-License-Identifier: BSD-2-Clause */
/* The trials behind feature.h. Each sets a verdict; @arg is what the table of features says it is about. */
#ifndef TARE_FEATURE_TRIALS_H
#define TARE_FEATURE_TRIALS_H

#include <linux/bpf.h>
#include <linux/perf_event.h>

#include "feature.h"

typedef void feature_trial_fn(const char *arg, struct feature_result *result);

/* Set the verdict, with a printf()-style reason. */
void result__set(struct feature_result *result, enum feature_state state, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* FEATURE_MISSING because @what, which root may do, failed with @err, a positive errno. */
void result__failed(struct feature_result *result, const char *what, int err);

/* feature_env.c: privileges, settings, what is mounted */
feature_trial_fn try_capabilities, try_other_processes, try_priority, try_cgroup, try_cgroup_cpu;
feature_trial_fn try_lockdown;
/* The first line of @path into @buf, without its newline. Returns its length or a negative errno. */
int read_first_line(const char *path, char *buf, int size);

/* The verdict on setting kernel.@name: what it governs was tried and gave @err (>= 0, or a negative errno). */
void result__setting(struct feature_result *result, const char *name, int err);

/* feature_btf.c: what the kernel's type information says */
feature_trial_fn try_btf, try_field;
/* The verdict if that failed with @err, which is negative; @missing is the reason for -ENODATA. */
void result__no_btf_id(struct feature_result *result, int err, const char *missing);

/* feature_bpf.c: maps, programs, tracepoints */
feature_trial_fn try_bpf, try_read_kernel, try_ringbuf, try_ring_shards, try_task_storage;
feature_trial_fn try_task_iter, try_tp_btf, try_bpf_stats, try_exec_hold, try_find_vma;
/* Attach a program to a BTF tracepoint for a moment. Returns 0 or a negative errno; -ENODATA: no such tracepoint. */
int tp_btf__try(const char *tracepoint);

/* A BPF program that counts how often it ran. */
struct counter {
	int map, prog;
};

/* All return 0 or a negative errno. @btf_id: what it attaches to, for BPF_PROG_TYPE_TRACING, else 0. */
int counter__open(struct counter *c, enum bpf_prog_type type, int attach_type, int btf_id);
int counter__hits(const struct counter *c, __u64 *hits);
void counter__close(struct counter *c);

/* feature_perf.c: perf events */
feature_trial_fn try_cpu_clock, try_page_faults, try_perf_paranoid;
/* A perf event of this thread: a file descriptor, or a negative errno. */
int perf_event__open(struct perf_event_attr *attr);
/* Run @c at each of its events, and enable them. Returns 0 or a negative errno. */
int perf_event__attach(int fd, const struct counter *c);
/* perf_event_attr.type of the dynamic event source @name ("uprobe"); -ENOENT: there is no such one. */
int pmu__type(const char *name);

/* feature_uprobe.c: probes in user space */
feature_trial_fn try_uprobe, try_uprobe_multi, try_usdt_semaphore, try_nop5;

#endif /* TARE_FEATURE_TRIALS_H */
