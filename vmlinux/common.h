/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types that bpf/ uses, with the fields that it uses, and no
 * others. CO-RE relocates each access to where the running kernel has the
 * field, so neither order nor size matters here. Written by hand instead of
 * dumping a whole kernel's BTF (3 MB for each architecture): what the probes
 * depend on is then visible on one page, and what differs between kernel
 * versions stands beside it with the version.
 *
 * To add a field, take its type from
 *   bpftool btf dump file /sys/kernel/btf/vmlinux format c
 * and say since or until when it exists where 5.10 does not have it.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
/* bpf_helper_defs.h names these */
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef __u16 __sum16;
typedef int pid_t;

typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_F_USER_STACK = 256,
	BPF_F_MMAPABLE = 1024,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
};

/* CO-RE looks up by name whether the kernel has it */
enum cgroup_subsys_id {
	memory_cgrp_id = 4,  /* CONFIG_MEMCG */
	freezer_cgrp_id = 6, /* CONFIG_CGROUP_FREEZER */
};
enum bpf_func_id {
	BPF_FUNC_task_pt_regs = 175, /* since 5.15 */
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	long counter; /* a 64-bit kernel's atomic_long_t is its atomic64_t */
} atomic64_t;
typedef atomic64_t atomic_long_t;

struct list_head {
	struct list_head *next, *prev;
};

struct kernfs_node {
	const char *name;
	u64 id; /* since 5.5 */
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_freezer_state {
	bool freeze; /* told to, by cgroup.freeze */
};

/* of version 1, kernel/cgroup/legacy_freezer.c */
struct freezer {
	struct cgroup_subsys_state css;
	unsigned int state;
};

struct mm_struct {
	unsigned long start_brk, brk, start_stack;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct file {
	struct path f_path;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_flags;
	struct mm_struct *vm_mm;
	struct file *vm_file;
};

struct page_counter {
	atomic_long_t usage; /* pages, as .max */
	unsigned long max;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
};

struct css_set {
	struct cgroup_subsys_state *subsys[12]; /* by enum cgroup_subsys_id */
	struct cgroup *dfl_cgrp;	/* of version 2 */
};

struct cgroup {
	struct cgroup_freezer_state freezer; /* since 5.2 */
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct rq {
	u64 clock;
};

struct cfs_rq {
	struct rq *rq;
	int throttle_count;
	u64 throttled_clock_self;	/* since 6.6 */
	u64 throttled_clock_self_time;	/* since 6.6 */
	u64 throttled_clock_pelt;	/* since 5.19 */
	u64 throttled_clock_pelt_time;	/* since 5.19 */
};

/* until 5.18 */
struct cfs_rq___before_519 {
	u64 throttled_clock_task;
	u64 throttled_clock_task_time;
};

struct sched_entity {
	u64 sum_exec_runtime;
	unsigned char sched_delayed;	/* since 6.12 */
	struct cfs_rq *cfs_rq;
};

struct task_group {
	struct cfs_rq **cfs_rq;		/* by CPU */
};

struct callback_head {
	struct callback_head *next;
};

struct sched_info {
	unsigned long long run_delay;
	unsigned long long last_arrival;
	unsigned long long last_queued;
};

typedef struct {
	int counter;
} atomic_t;

struct kernel_siginfo { /* its first fields are in a struct without a name */
	int si_code;
};

struct signal_struct {
	atomic_t live;	/* threads that have not begun to exit */
};

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
};

struct timens_offsets {
	struct timespec64 monotonic, boottime;
};

struct time_namespace {
	struct timens_offsets offsets;
};

struct nsproxy {
	struct time_namespace *time_ns;	/* CONFIG_TIME_NS or not, since 5.6 */
};

typedef struct {
	unsigned long sig[1];
} sigset_t;

struct bpf_map {
	u32 id;
};

struct sigpending {
	sigset_t signal;
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;	/* since 5.14 */
	unsigned int flags;
	int exit_state;
	int exit_code;
	int on_cpu;
	pid_t pid, tgid;
	struct task_struct *real_parent, *group_leader;
	u64 start_time;
	unsigned long nvcsw, nivcsw;
	unsigned long min_flt, maj_flt;
	char comm[16];
	int on_rq;
	struct sched_entity se;
	struct task_group *sched_task_group;
	struct signal_struct *signal;
	unsigned long jobctl;
	unsigned frozen : 1;		/* since 5.2: by a cgroup of version 2 */
	struct sched_info sched_info;	/* CONFIG_SCHED_INFO */
	struct callback_head sched_throttle_work; /* since 6.18 */
	bool throttled;			/* since 6.18: throttled one by one, on the way to user space */
	void *stack;
	struct mm_struct *mm;
	struct nsproxy *nsproxy;
	struct pid *thread_pid;
	struct css_set *cgroups;
	struct sigpending pending;
	sigset_t blocked;
	struct thread_struct thread;
};

/* until 5.13 */
struct task_struct___before_514 {
	long state;
};

/* until 5.15 (x86-64), 5.15 (arm64): the CPU was not in thread_info */
struct task_struct___before_516 {
	unsigned int cpu;
};

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id;
	u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif /* __VMLINUX_H__ */
