/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtime of a live process, for who only reads its memory: nothing is attached to it. */
#ifndef TARE_PROCESS_RUNTIME_H
#define TARE_PROCESS_RUNTIME_H

#include "runtime.h"

struct process_runtime {
	struct program prog;
	const struct runtime *runtime; /* of the program, if no file has what was asked for */
	char version[64];	       /* safe to print; "": unknown */
	void *self;
	uint64_t mark; /* of the program that it was found in, see proc.h */
};

/*
 * Open the runtime in process @pid (as /proc has it) that @wanted accepts: in its program, else in a library that it
 * has mapped. Returns 0; or a negative errno with @why as a sentence's end: -ESRCH, no such process; -EPERM, it may not
 * be looked into; -ENOENT, none is accepted. process_runtime__close() in any case. @a must stay where it is.
 */
int process_runtime__open(struct process_runtime *a, pid_t pid, bool (*wanted)(const struct runtime *rt), char *why,
			  size_t size);
/* Does the process still run the program that it was opened in? */
bool process_runtime__is_current(const struct process_runtime *a);

void process_runtime__close(struct process_runtime *a);

#endif /* TARE_PROCESS_RUNTIME_H */
