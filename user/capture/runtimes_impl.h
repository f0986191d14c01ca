/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of runtimes.h share. */
#ifndef TARE_RUNTIMES_IMPL_H
#define TARE_RUNTIMES_IMPL_H

#include "instance.h"
#include "runtimes.h"

/* The first instance of process @pid, or NULL; .sibling is the next. The program comes before its libraries. */
struct instance *runtimes__first(const struct runtimes *r, pid_t pid);

#define for_each_of(r, pid, i) for (struct instance *i = runtimes__first(r, pid); i; i = i->sibling)

/* The instance of a file in a process, or NULL. */
struct instance *runtimes__find_file(const struct runtimes *r, pid_t pid, const struct file_id *file);

/* Takes ownership of @i, which may be NULL, and returns it; NULL if out of memory. */
struct instance *runtimes__keep(struct runtimes *r, struct instance *i);

/* When the program of process @pid began, see bpf__program_ns(); UINT64_MAX: it is gone. */
uint64_t runtimes__since(const struct runtimes *r, pid_t pid);

/* Close entry @at; the others keep their order. */
void runtimes__drop(struct runtimes *r, size_t at);

/* Attach the probes of @i, which is kept, and write what a recording must hold of it before its first event. */
void runtimes__attach(struct runtimes *r, struct instance *i);

/* Does the process run it? The command of `tare run` has a program before it runs it. */
bool runtimes__runs(struct runtimes *r, struct instance *i);

void runtimes__write_counters(struct runtimes *r, uint64_t now, struct tare_counters *c, size_t nr);

/* runtimes_library.c: a session examines each file once: was no runtime found in this one? And: note that. */
bool runtimes__is_native(const struct runtimes *r, const struct file_id *file);
void runtimes__remember(struct runtimes *r, const struct instance *i);

/*
 * runtimes_library.c: look at the code that process @pid has mapped, and attach to what is new. @new_born: it has just
 * been loaded.
 */
void runtimes__look(struct runtimes *r, pid_t pid, bool new_born);

#endif /* TARE_RUNTIMES_IMPL_H */
