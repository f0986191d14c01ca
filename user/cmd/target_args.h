/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands that measure a live target have in common. */
#ifndef TARE_TARGET_ARGS_H
#define TARE_TARGET_ARGS_H

#include "proc.h"

/* Add the process ids in @list, separated by commas, which is taken apart. Returns an exit code, after saying why. */
int target_args__pids(char *list, struct pids *pids);

/* The exit code for what session__record() returned. */
int target_args__exit_code(int error);

#endif /* TARE_TARGET_ARGS_H */
