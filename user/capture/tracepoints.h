/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs at tracepoints: which are loaded on this kernel, and attaching those that are not always needed. */
#ifndef TARE_CAPTURE_TRACEPOINTS_H
#define TARE_CAPTURE_TRACEPOINTS_H

#include "shared.h"

struct bpf_link;
struct bpf_object;

/*
 * Before @obj is loaded: leave out programs whose tracepoint this kernel lacks, and have the permanent ones attached
 * with the rest.
 */
void tracepoints__configure(struct bpf_object *obj);

/*
 * Attach the programs for @when and hand each link to @keep, which owns it. One that fails is reported, and left out.
 */
void tracepoints__attach(struct bpf_object *obj, enum tare_when when, void (*keep)(struct bpf_link *link, void *ctx),
			 void *ctx);

#endif /* TARE_CAPTURE_TRACEPOINTS_H */
