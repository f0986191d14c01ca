/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario's result: one JSON line on standard output. Keys are C identifiers with their unit at the end, strings are
 * the program's own; neither needs escapes. One line at a time in a process.
 */
#ifndef RESULT_H
#define RESULT_H

#include <stdint.h>

#include "scenario.h"

/* A measured part, by scenario__now_ns() */
struct span {
	int64_t begin_ns, end_ns;
};

void result__open(const char *scenario); /* as result__begin(), of a program without scenarios of its own */
void result__begin(enum scenario_id id, const struct options *options); /* scenario, runtime, version, procs, mode */
void result__int(const char *key, int64_t value);
void result__real(const char *key, double value); /* what is not finite becomes null */
void result__text(const char *key, const char *value);
void result__json(const char *key, const char *json); /* any value, written already */
void result__null(const char *key);
/* duration_ns: null where -n took its place */
void result__duration(const struct options *options);
/*
 * "spans": {NAME: {"begin_ns", "end_ns", "n"}}, which result__end() prints: the measured parts, with n operations in
 * each. May come before result__begin() too; at most RESULT_SPANS, and name must last until the end.
 */
#define RESULT_SPANS 16
void result__span(const char *name, const struct span *span, int64_t n);
void result__elapsed(const struct span *span, int64_t n); /* the only measured part: elapsed_ns, and the span "all" */
void result__memory(void);				  /* what the allocator and the kernel say now */
int result__end(void);					  /* exit code; 1, after a message: it was not written */

/* Of this process, now; 0: unknown */
int64_t result__resident_bytes(void);
int64_t result__virtual_bytes(void); /* address space, as VmSize */

#endif
