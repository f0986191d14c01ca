/* SPDX-License-Identifier: BSD-2-Clause */
/* What this process may do. */
#ifndef TARE_CAPTURE_CAPABILITY_H
#define TARE_CAPTURE_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Those in effect, a bit each (1 << CAP_BPF), into @caps. Returns 0 or a negative errno. */
int capability__effective(uint64_t *caps);

/* Whoever is root in a user namespace of its own has every capability there, and none that BPF asks for. */
bool capability__in_user_namespace(void);
/* The kernel's own number of this process is another than getpid(). */
bool capability__in_pid_namespace(void);

/* Whether CAP_* @cap is in effect, and no user namespace makes it worthless. */
bool capability__has(int cap);

/*
 * Whether process @pid cannot be looked into for want of a capability: its memory, or the file of its program. Then
 * @why is a sentence that names it. What a security module hides from those that have them is no want of a capability.
 */
bool capability__bars(pid_t pid, char *why, size_t size);

#endif /* TARE_CAPTURE_CAPABILITY_H */
