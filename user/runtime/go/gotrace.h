/* SPDX-License-Identifier: BSD-2-Clause */
/* The execution trace of Go 1.22 and later (runtime/trace), see run_trace.h. */
#ifndef TARE_GOTRACE_H
#define TARE_GOTRACE_H

#include "run_trace.h"

extern const struct run_trace_format go_trace;

#endif /* TARE_GOTRACE_H */
