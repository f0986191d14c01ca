/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario's result: one JSON line on standard output. Keys are C identifiers with their unit at the end, strings are
 * the program's own; neither needs escapes. One line at a time in a process.
 */
#ifndef RESULT_H
#define RESULT_H

#include <stdint.h>

#include "scenario.h"

void result__begin(enum scenario_id id, const struct options *options); /* scenario, runtime, procs, mode */
void result__int(const char *key, int64_t value);
void result__real(const char *key, double value); /* what is not finite becomes null */
void result__null(const char *key);
/* duration_ns: null where -n took its place */
void result__duration(const struct options *options);
void result__memory(void); /* what the allocator and the kernel say now */
int result__end(void);	   /* exit code; 1, after a message: it was not written */

int64_t result__resident_bytes(void); /* of this process, now; 0: unknown */

#endif
