/* SPDX-License-Identifier: BSD-2-Clause */
/* The other end of naming.h. */
#ifndef TARE_NAMING_PROCESS_H
#define TARE_NAMING_PROCESS_H

#include "debug_file.h"

/* What the process does, until @fd is closed at the other end or that process is gone. */
void naming_process(int fd, const struct debug_places *places) __attribute__((noreturn));

#endif /* TARE_NAMING_PROCESS_H */
