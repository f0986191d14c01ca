/* SPDX-License-Identifier: BSD-2-Clause */
/* From the CPUs' rings to frames of the file. Only copies: merging and meaning come when the recording is read. */
#ifndef TARE_RINGS_H
#define TARE_RINGS_H

#include <stdint.h>

#include "format.h"
#include "writer.h"

struct cpu_state;
struct ring;
struct rings;

/* How many rings a CPU has, so that they hold @bytes: a power of two. */
unsigned rings__of_cpu(uint64_t bytes);

/*
 * Create rings of @bytes together (a power of two, at least a page) for each of the @nr_cpus CPUs that is online, and
 * put them into the map of maps @rings_fd. @cpus, by CPU, is shared with the kernel side and must outlive them. Returns
 * 0 and sets *@out, or a negative errno after saying why.
 */
int rings__new(int rings_fd, struct cpu_state *cpus, unsigned nr_cpus, uint64_t bytes, struct rings **out);

/*
 * As rings__new(), but every CPU has rings, and they are those that @open makes as ring__open() does; nothing wakes
 * rings__wait() for them: for records that no kernel makes.
 */
typedef int rings_open_fn(struct ring *r, uint64_t bytes, unsigned cpu, void *ctx);
int rings__of(rings_open_fn *open, void *ctx, struct cpu_state *cpus, unsigned nr_cpus, uint64_t bytes,
	      struct rings **out);

/*
 * Sees record @rec of @size bytes, of any kind but SWITCH, and its time, on its way. Returns what to write: @rec
 * itself, or another record of the same time, which stays valid until the next call; NULL: nothing.
 */
typedef const struct tare_rec *rings_watch_fn(const struct tare_rec *rec, size_t size, uint64_t ts_ns, void *ctx);
void rings__watch(struct rings *r, rings_watch_fn *watch, void *ctx);

/*
 * One round: take all records from the rings, write them as EVENTS frames and close with a ROUND frame. Returns 0 or a
 * negative errno from reading the rings; @w counts what could not be written.
 */
int rings__drain(struct rings *r, struct writer *w);

/* Every record older than this has been taken: when the last round began. */
uint64_t rings__complete_ns(const struct rings *r);

/* Wait until a ring fills up, a descriptor added with rings__poll_fd() is readable, or @timeout_ms have passed. */
int rings__wait(struct rings *r, int timeout_ms);
int rings__poll_fd(struct rings *r, int fd);

void rings__free(struct rings *r);

#endif /* TARE_RINGS_H */
