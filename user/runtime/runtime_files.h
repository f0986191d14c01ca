/* SPDX-License-Identifier: BSD-2-Clause */
/* Which runtime the program of a process has, by its file: each file is examined once, however many run it. */
#ifndef TARE_RUNTIME_FILES_H
#define TARE_RUNTIME_FILES_H

#include "runtime.h"
#include "table.h"

struct runtime_files {
	struct table seen; /* hash of a file's identity to its struct runtime */
};

void runtime_files__init(struct runtime_files *f);
void runtime_files__free(struct runtime_files *f);

/*
 * The runtime of the program that process @here, as /proc has it, runs now; NULL: it or its first thread has ended, or
 * it may not be looked into.
 */
const struct runtime *runtime_files__of(struct runtime_files *f, pid_t here);

#endif /* TARE_RUNTIME_FILES_H */
