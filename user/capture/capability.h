/* SPDX-License-Identifier: BSD-2-Clause */
/* What this process may do. */
#ifndef TARE_CAPTURE_CAPABILITY_H
#define TARE_CAPTURE_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The effective capabilities, one bit each (1 << CAP_BPF), into @caps. Returns 0 or a negative errno. */
int capability__effective(uint64_t *caps);

/* Is this a user namespace other than the initial one? Root there has every capability, but none that BPF asks for. */
bool capability__in_user_namespace(void);
/* Does the kernel's own number of this process differ from getpid()? */
bool capability__in_pid_namespace(void);

/* Is CAP_* @cap in effect, and not made worthless by a user namespace? */
bool capability__has(int cap);

/*
 * Does the lack of a capability bar access to process @pid: its memory, or the file of its program? Then @why is a
 * sentence that names it. What a security module hides from those who have them does not count.
 */
bool capability__bars(pid_t pid, char *why, size_t size);

#endif /* TARE_CAPTURE_CAPABILITY_H */
