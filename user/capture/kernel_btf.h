/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's own type information: read on first use, and kept until kernel_btf__release(). */
#ifndef TARE_KERNEL_BTF_H
#define TARE_KERNEL_BTF_H

#include <stdbool.h>
#include <stdint.h>

#define BTF_PATH "/sys/kernel/btf/vmlinux"

struct btf;

/* The id of @prefix@name, of @kind (BTF_KIND_*). -ENODATA: there is none; other negative errno: there is no BTF. */
int kernel_btf__id(const char *prefix, const char *name, int kind);

/* All of it, once an id was found; NULL before. */
const struct btf *kernel_btf__get(void);

/* Is there a BTF tracepoint @name ("sched_switch")? Without, a program for it does not load. */
bool kernel_btf__has_tracepoint(const char *name);

/* Does the kernel have a function of that name? */
bool kernel_btf__has_function(const char *name);

/*
 * Byte offset from the CPU's run queue (`runqueues`) to its preemption count; 0 if the type information does not say.
 * It tells in which context (interrupt or task) a thread was woken.
 */
int64_t kernel_btf__preempt_count_at(void);

void kernel_btf__release(void);

#endif /* TARE_KERNEL_BTF_H */
