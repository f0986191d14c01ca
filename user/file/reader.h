/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a recording: checks frames, merges CPUs by time, decodes. Memory is bounded by two rounds. */
#ifndef TARE_READER_H
#define TARE_READER_H

#include <sys/types.h>

#include "event.h"

struct reader;

/*
 * Open the recording at @path ("-": standard input). Returns 0 and sets *@out (reader__close() frees it), or a negative
 * errno after reporting the error: -ENOENT etc., -EBADMSG if the file is not a recording, -EPROTONOSUPPORT for a later
 * format version.
 */
int reader__open(const char *path, struct reader **out);

/* As reader__open(), but from memory, which must outlive the reader: for tests and fuzzing. */
int reader__open_mem(const void *data, size_t len, struct reader **out);

/*
 * As reader__open(), but from @read, which works like read(2) or returns a negative errno: for a recording in progress.
 * reader__next() blocks while @read does. Reads the first frame at once.
 */
int reader__open_fn(ssize_t (*read)(void *ctx, void *buf, size_t len), void *ctx, struct reader **out);

/*
 * The next event, oldest first. Returns 1 and fills *@ev, 0 at the end, or a negative errno if reading failed. Damage
 * is not an error: unreadable parts come as EVENT_DAMAGE, and everything intact after them is returned.
 */
int reader__next(struct reader *r, struct event *ev);

/* No event before this is still to come; 0: not known yet. */
uint64_t reader__complete_ns(const struct reader *r);

/* Number of events that came later than the format allows and were returned out of order. */
uint64_t reader__late(const struct reader *r);

void reader__close(struct reader *r);

#endif /* TARE_READER_H */
