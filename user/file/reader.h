/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a recording: checks its frames, merges the CPUs by time, decodes. Memory is bounded by two rounds. */
#ifndef TARE_READER_H
#define TARE_READER_H

#include <sys/types.h>

#include "event.h"

struct reader;

/*
 * Open the recording at @path ("-": standard input). Returns 0 and sets *@out
 * (reader__close() frees it), or a negative errno after saying what is wrong:
 * -ENOENT and the like, -EBADMSG where the file is no recording at all,
 * -EPROTONOSUPPORT for a later format version.
 */
int reader__open(const char *path, struct reader **out);

/* As reader__open() but over bytes in memory, which must outlive the reader: for tests and fuzzing. */
int reader__open_mem(const void *data, size_t len, struct reader **out);

/*
 * As reader__open() but over what @read gives, as read(2) does or a negative errno: a recording that is being made.
 * reader__next() waits while @read does. It looks at the first frame at once.
 */
int reader__open_fn(ssize_t (*read)(void *ctx, void *buf, size_t len), void *ctx, struct reader **out);

/*
 * The next event, oldest first. Returns 1 and fills *@ev, 0 at the end, or a
 * negative errno where reading failed. Damage is no failure: what could not be
 * read comes as an EVENT_DAMAGE, and whatever is whole after it is delivered.
 */
int reader__next(struct reader *r, struct event *ev);

/* Events that came later than the format allows and were delivered out of order. */
uint64_t reader__late(const struct reader *r);

void reader__close(struct reader *r);

#endif /* TARE_READER_H */
