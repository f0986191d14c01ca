/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs at tracepoints: which are loaded on this kernel, and attaching those that are not always there. */
#ifndef TARE_CAPTURE_TRACEPOINTS_H
#define TARE_CAPTURE_TRACEPOINTS_H

#include "shared.h"

struct bpf_link;
struct bpf_object;

/* Before @obj is loaded: leave out what this kernel has no tracepoint for, have attached with the rest what always is.
 */
void tracepoints__configure(struct bpf_object *obj);

/*
 * Attach those that are to be attached @when and hand each link to @keep, which owns it. One that cannot be attached is
 * told of, and left out.
 */
void tracepoints__attach(struct bpf_object *obj, enum tare_when when, void (*keep)(struct bpf_link *link, void *ctx),
			 void *ctx);

#endif /* TARE_CAPTURE_TRACEPOINTS_H */
