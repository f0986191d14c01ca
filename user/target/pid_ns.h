/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two numbers of one task: where tare runs in a PID namespace, /proc and system calls know it by another one than the
 * kernel's events do. Everywhere else a pid or tid is the kernel's, in records, maps and frames alike; only what asks
 * the kernel for a task by its id, or gets one from it, translates.
 */
#ifndef TARE_PID_NS_H
#define TARE_PID_NS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As an id: no task has it. PID_MAX_LIMIT, include/linux/threads.h */
#define PID_NS_NONE (1 << 22)

struct pid_pair {
	uint32_t kernel, here;
};

/*
 * tare is in a PID namespace: @list lists the tasks in it, in an array that the caller frees, and returns 0 or a
 * negative errno. NULL: it is in none, which is so at first. Forgets what was known.
 */
void pid_ns__init(int (*list)(void *ctx, struct pid_pair **pairs, size_t *nr), void *ctx);

/* The id by which to ask for task @kernel; PID_NS_NONE: it is gone, or not in the namespace. */
pid_t pid_ns__here(pid_t kernel);

/* The kernel's id of the task that has id @here; 0: there is none. */
pid_t pid_ns__kernel(pid_t here);

/* Task @kernel is born or has ended: what was known of that id is of another one. */
void pid_ns__forget(pid_t kernel);

#endif /* TARE_PID_NS_H */
