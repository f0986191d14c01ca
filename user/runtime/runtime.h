/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The language runtimes that tare knows: one file and one line of the table
 * each. What a runtime can tell grows with the table's columns; a runtime that
 * leaves one empty is measured by the kernel alone there.
 */
#ifndef TARE_RUNTIME_H
#define TARE_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct runtime {
	const char *name;	/* as the report prints it */

	/*
	 * Is live process @pid of this runtime? Returns 1 and writes its version,
	 * "" where unknown, to @version; 0; or a negative errno (-ESRCH: gone).
	 */
	int (*recognise)(pid_t pid, char *version, size_t size);
};

/* The runtime of @pid: never NULL, since every process is native at least. */
const struct runtime *runtime__of(pid_t pid, char *version, size_t size);

extern const struct runtime runtime_native;

#endif /* TARE_RUNTIME_H */
