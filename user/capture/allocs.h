/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --alloc-sites: probes at the targets' allocators, all the time or in bursts. A thread of the recorder attaches and
 * detaches them, since the kernel takes long to detach.
 */
#ifndef TARE_CAPTURE_ALLOCS_H
#define TARE_CAPTURE_ALLOCS_H

#include "alloc_plan.h"
#include "bpf.h"
#include "runtimes.h"

struct allocs;

/* Returns 0 and sets *@out, which is NULL with ALLOC_OFF and where this kernel cannot; or a negative errno. */
int allocs__start(struct bpf *bpf, enum alloc_mode mode, struct allocs **out);

/* Look at the code of processes that are new, or that may have loaded more. Does nothing if @a is NULL. */
void allocs__look(struct allocs *a, struct runtimes *r, uint64_t now);

/* Process @pid has loaded more code: the next allocs__look() is to look at it at once. */
void allocs__changed(struct allocs *a, pid_t pid);

/* Write what the bursts that are over stand for. */
void allocs__write(struct allocs *a, struct writer *w);

/* End, and write the rest; @w NULL: nothing. */
void allocs__stop(struct allocs *a, struct writer *w);

#endif /* TARE_CAPTURE_ALLOCS_H */
