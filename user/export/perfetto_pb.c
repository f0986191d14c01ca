// SPDX-License-Identifier: BSD-2-Clause
/*
 * Field numbers are from protos/perfetto/trace/ in Perfetto's sources; the .proto files are named after the messages.
 */
#include <string.h>

#include "perfetto_pb.h"
#include "util.h"

/* clang-format off */
enum { /* by message */
	SNAPSHOT_CLOCK = 1, SNAPSHOT_PRIMARY = 2, CLOCK_ID = 1, CLOCK_TIMESTAMP = 2,

	SYSTEM_UTSNAME = 1, SYSTEM_HZ = 3, SYSTEM_PAGE_SIZE = 6, SYSTEM_NUM_CPUS = 8,
	UTSNAME_SYSNAME = 1, UTSNAME_VERSION = 2, UTSNAME_RELEASE = 3, UTSNAME_MACHINE = 4,

	TREE_PROCESS = 1, TREE_THREAD = 2, PROCESS_PID = 1, PROCESS_PPID = 2, PROCESS_CMDLINE = 3,
	PROCESS_CMDLINE_IS_COMM = 9, THREAD_TID = 1, THREAD_NAME = 2, THREAD_TGID = 3,

	FTRACE_TIMESTAMP = 1, FTRACE_PID = 2, FTRACE_COMMON_FLAGS = 5,
	FTRACE_SCHED_SWITCH = 4, FTRACE_SCHED_WAKING = 20, FTRACE_TASK_NEWTASK = 235, FTRACE_TASK_RENAME = 236,
	FTRACE_SCHED_PROCESS_EXIT = 238,

	SWITCH_PREV_COMM = 1, SWITCH_PREV_PID = 2, SWITCH_PREV_PRIO = 3, SWITCH_PREV_STATE = 4, SWITCH_NEXT_COMM = 5,
	SWITCH_NEXT_PID = 6, SWITCH_NEXT_PRIO = 7,

	WAKING_COMM = 1, WAKING_PID = 2, WAKING_PRIO = 3, WAKING_SUCCESS = 4, WAKING_TARGET_CPU = 5,

	NEWTASK_PID = 1, NEWTASK_COMM = 2, NEWTASK_CLONE_FLAGS = 3,
	RENAME_PID = 1, RENAME_OLDCOMM = 2, RENAME_NEWCOMM = 3,
	EXIT_COMM = 1, EXIT_PID = 2, EXIT_TGID = 3, EXIT_PRIO = 4,
};
/* clang-format on */

#define CLOCK_ID_REALTIME  1
#define CLOCK_ID_MONOTONIC 3
#define CLOCK_ID_BOOTTIME  6

#define KERNEL_CLONE_THREAD 0x10000 /* CLONE_THREAD, include/uapi/linux/sched.h */

static void write_clock(struct pb *pb, int id, uint64_t ns)
{
	size_t at = pb__open(pb, SNAPSHOT_CLOCK);

	pb__int(pb, CLOCK_ID, id);
	pb__int(pb, CLOCK_TIMESTAMP, ns);
	pb__close(pb, at);
}

void write_clock_snapshot(struct pb *pb, const struct tare_header *header)
{
	write_clock(pb, CLOCK_ID_REALTIME, header->real_ns);
	write_clock(pb, CLOCK_ID_MONOTONIC, header->mono_ns);
	write_clock(pb, CLOCK_ID_BOOTTIME, header->boot_ns);
	pb__int(pb, SNAPSHOT_PRIMARY, CLOCK_ID_BOOTTIME);
}

void machine__note(struct machine *m, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} keys[] = {
		{ "kernel", m->release, sizeof(m->release) },
		{ "kernel_version", m->version, sizeof(m->version) },
		{ "machine", m->machine, sizeof(m->machine) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!strcmp(key, keys[i].key))
			sanitize(value, strlen(value), keys[i].to, keys[i].size);
	}
}

void write_system_info(struct pb *pb, const struct tare_header *header, const struct machine *m)
{
	size_t uts = pb__open(pb, SYSTEM_UTSNAME);

	pb__string(pb, UTSNAME_SYSNAME, "Linux");
	pb__string(pb, UTSNAME_VERSION, m->version);
	pb__string(pb, UTSNAME_RELEASE, m->release);
	pb__string(pb, UTSNAME_MACHINE, m->machine);
	pb__close(pb, uts);
	if (!header)
		return;
	pb__int(pb, SYSTEM_HZ, header->ticks_hz);
	pb__int(pb, SYSTEM_PAGE_SIZE, header->page_size);
	pb__int(pb, SYSTEM_NUM_CPUS, header->nr_cpus);
}

static void write_cmdline(struct pb *pb, const char *cmdline, size_t len)
{
	char arg[4096]; /* for display; longer arguments are cut */
	size_t n;

	for (; len; cmdline += n, len -= n) {
		n = strnlen(cmdline, len);
		pb__string(pb, PROCESS_CMDLINE, sanitize(cmdline, n, arg, sizeof(arg)));
		if (n < len)
			n++;
	}
}

void write_tree_process(struct pb *pb, const struct tare_process *head, const char *cmdline, const char *exe)
{
	size_t in = pb__open(pb, TREE_PROCESS);

	pb__int(pb, PROCESS_PID, head->pid);
	pb__int(pb, PROCESS_PPID, head->ppid);
	if (head->cmdline_len)
		write_cmdline(pb, cmdline, head->cmdline_len);
	else
		write_cmdline(pb, exe, head->exe_len);
	pb__close(pb, in);
}

void write_tree_unnamed(struct pb *pb, const struct sched_task *t, uint32_t ppid)
{
	size_t in = pb__open(pb, TREE_PROCESS);

	pb__int(pb, PROCESS_PID, t->tgid);
	pb__int(pb, PROCESS_PPID, ppid);
	pb__string(pb, PROCESS_CMDLINE, t->comm);
	pb__int(pb, PROCESS_CMDLINE_IS_COMM, 1);
	pb__close(pb, in);
}

void write_tree_thread(struct pb *pb, const struct sched_task *t)
{
	size_t in = pb__open(pb, TREE_THREAD);

	pb__int(pb, THREAD_TID, t->tid);
	pb__string(pb, THREAD_NAME, t->comm);
	pb__int(pb, THREAD_TGID, t->tgid);
	pb__close(pb, in);
}

static void write_switch(struct pb *pb, const struct sched_event *ev)
{
	pb__string(pb, SWITCH_PREV_COMM, ev->who.comm);
	pb__int(pb, SWITCH_PREV_PID, ev->who.tid);
	pb__int(pb, SWITCH_PREV_PRIO, SCHED_PRIO);
	pb__int(pb, SWITCH_PREV_STATE, ev->prev_state);
	pb__string(pb, SWITCH_NEXT_COMM, ev->whom.comm);
	pb__int(pb, SWITCH_NEXT_PID, ev->whom.tid);
	pb__int(pb, SWITCH_NEXT_PRIO, SCHED_PRIO);
}

static void write_waking(struct pb *pb, const struct sched_event *ev)
{
	pb__string(pb, WAKING_COMM, ev->whom.comm);
	pb__int(pb, WAKING_PID, ev->whom.tid);
	pb__int(pb, WAKING_PRIO, SCHED_PRIO);
	pb__int(pb, WAKING_SUCCESS, 1);
	pb__int(pb, WAKING_TARGET_CPU, ev->target_cpu);
}

static void write_newtask(struct pb *pb, const struct sched_event *ev)
{
	pb__int(pb, NEWTASK_PID, ev->whom.tid);
	pb__string(pb, NEWTASK_COMM, ev->whom.comm);
	pb__int(pb, NEWTASK_CLONE_FLAGS, ev->whom.tgid == ev->who.tgid ? KERNEL_CLONE_THREAD : 0);
}

static void write_rename(struct pb *pb, const struct sched_event *ev)
{
	pb__int(pb, RENAME_PID, ev->who.tid);
	pb__string(pb, RENAME_OLDCOMM, ev->who.comm);
	pb__string(pb, RENAME_NEWCOMM, ev->whom.comm);
}

static void write_exit(struct pb *pb, const struct sched_event *ev)
{
	pb__string(pb, EXIT_COMM, ev->who.comm);
	pb__int(pb, EXIT_PID, ev->who.tid);
	pb__int(pb, EXIT_TGID, ev->who.tgid);
	pb__int(pb, EXIT_PRIO, SCHED_PRIO);
}

static const struct {
	int field;
	void (*write)(struct pb *pb, const struct sched_event *ev);
} kinds[] = {
	[SCHED_SWITCH] = { FTRACE_SCHED_SWITCH, write_switch },
	[SCHED_WAKING] = { FTRACE_SCHED_WAKING, write_waking },
	[SCHED_NEWTASK] = { FTRACE_TASK_NEWTASK, write_newtask },
	[SCHED_RENAME] = { FTRACE_TASK_RENAME, write_rename },
	[SCHED_EXIT] = { FTRACE_SCHED_PROCESS_EXIT, write_exit },
};

unsigned sched_event__flags(const struct sched_event *ev)
{
	/* TRACE_FLAG_HARDIRQ etc., include/linux/trace_events.h: the waker was merely interrupted */
	static const uint8_t flags[] = {
		[TARE_CONTEXT_SOFTIRQ] = 0x10,
		[TARE_CONTEXT_HARDIRQ] = 0x08,
		[TARE_CONTEXT_NMI] = 0x40,
	};

	return ev->context < ARRAY_SIZE(flags) ? flags[ev->context] : 0;
}

void write_ftrace_event(struct pb *pb, const struct sched_event *ev, uint64_t boot_ns)
{
	unsigned flags = sched_event__flags(ev);
	size_t at;

	pb__int(pb, FTRACE_TIMESTAMP, boot_ns);
	pb__int(pb, FTRACE_PID, ev->who.tid);
	if (flags)
		pb__int(pb, FTRACE_COMMON_FLAGS, flags);
	at = pb__open(pb, kinds[ev->kind].field);
	kinds[ev->kind].write(pb, ev);
	pb__close(pb, at);
}
