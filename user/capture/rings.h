/* SPDX-License-Identifier: BSD-2-Clause */
/* From the CPUs' rings to frames of the file. Only copies: merging and meaning come when the recording is read. */
#ifndef TARE_RINGS_H
#define TARE_RINGS_H

#include <stdint.h>

#include "format.h"
#include "writer.h"

struct rings;

/*
 * Create a ring of @ring_bytes (a power of two, at least a page) for each of the @nr_cpus CPUs that is online, and put
 * them into the map of maps @rings_fd. Returns 0 and sets *@out, or a negative errno after saying why.
 */
int rings__new(int rings_fd, unsigned nr_cpus, uint64_t ring_bytes, struct rings **out);

/* Also pass each thread's birth, exec and end, with its time, to @watch on the way. */
void rings__watch(struct rings *r, void (*watch)(const struct tare_rec *rec, uint64_t ts_ns, void *ctx), void *ctx);

/*
 * One round: take all records from the rings, write them as EVENTS frames and close with a ROUND frame. Returns 0 or a
 * negative errno from reading the rings; @w counts what could not be written.
 */
int rings__drain(struct rings *r, struct writer *w);

/* Wait until a ring fills up, a descriptor added with rings__poll_fd() is readable, or @timeout_ms have passed. */
int rings__wait(struct rings *r, int timeout_ms);
int rings__poll_fd(struct rings *r, int fd);

void rings__free(struct rings *r);

#endif /* TARE_RINGS_H */
