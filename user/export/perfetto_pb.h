/* SPDX-License-Identifier: BSD-2-Clause */
/* The bodies of Perfetto's messages. Strings in them are UTF-8, whatever the input. */
#ifndef TARE_PERFETTO_PB_H
#define TARE_PERFETTO_PB_H

#include "pb.h"
#include "schedule.h"

/* uname's output for the measured machine. */
struct machine {
	char release[128], version[256], machine[64];
};

/* Keep an EVENT_INFO's value if it is about the machine. */
void machine__note(struct machine *m, const char *key, const char *value);

void write_clock_snapshot(struct pb *pb, const struct tare_header *header);
/* The kernel release decides how prev_state is read. @header may be NULL. */
void write_system_info(struct pb *pb, const struct tare_header *header, const struct machine *m);

/* Fields of ProcessTree. Unnamed: a process known only by its first thread's name. */
void write_tree_process(struct pb *pb, const struct tare_process *head, const char *cmdline, const char *exe);
void write_tree_unnamed(struct pb *pb, const struct sched_task *first, uint32_t ppid);
void write_tree_thread(struct pb *pb, const struct sched_task *t);

/* The tracepoint's common_flags. */
unsigned sched_event__flags(const struct sched_event *ev);
/* @boot_ns: time of the event, CLOCK_BOOTTIME */
void write_ftrace_event(struct pb *pb, const struct sched_event *ev, uint64_t boot_ns);

#endif /* TARE_PERFETTO_PB_H */
