/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a recording, frame by frame. Append-only, so it may be a pipe. */
#ifndef TARE_WRITER_H
#define TARE_WRITER_H

#include <stdint.h>
#include <sys/uio.h>

#include "format.h"

struct writer;

/*
 * Create @path for a new recording, mode 0600 ("-": standard output). A regular
 * file of that name is kept as PATH.old; a symbolic link is refused, since this
 * runs as root. Returns 0 and sets *@out, or a negative errno after saying what
 * is wrong.
 */
int writer__open(const char *path, struct writer **out);

/*
 * Would writer__open() refuse @path, as far as can be told without creating it?
 * Returns 0, or a negative errno after saying why.
 */
int writer__check(const char *path);

/*
 * Takes a frame: @head is complete, with its checksum, the @nr pieces of @iov
 * are the payload. Returns 0 or a negative errno.
 */
typedef int writer_sink_fn(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr);

/* A writer whose frames go to @sink and into no file. Returns 0 and sets *@out, or -ENOMEM. */
int writer__to(writer_sink_fn *sink, void *ctx, struct writer **out);

/* From now on each frame goes to @tee as well, whose result does not matter. */
void writer__tee(struct writer *w, writer_sink_fn *tee, void *ctx);

/*
 * Append one frame whose payload is the @nr pieces of @iov (at most 7).
 * Returns 0 or a negative errno. The first failure (a full disk) is said once
 * and cuts the file back to its last whole frame; from then on nothing is
 * written, and what could not be is counted.
 */
int writer__frame(struct writer *w, int type, int cpu, uint64_t ts_ns, const struct iovec *iov, int nr);

/* As writer__frame() for an array frame: struct tare_array, then @count elements of @elem_size bytes. */
int writer__array(struct writer *w, int type, uint64_t ts_ns, const void *elems, uint32_t elem_size, uint32_t count);

/* Bytes in the file, and bytes that could not be written. */
uint64_t writer__bytes(const struct writer *w);
uint64_t writer__lost_bytes(const struct writer *w);

/*
 * One frame of one struct that ends in a string of @len bytes: @head, of @size bytes, whose second member, which this
 * sets, is how long all of it is. Returns 0 or a negative errno.
 */
int writer__named(struct writer *w, int type, void *head, size_t size, const char *text, size_t len);

/* Close and free. Returns 0, or a negative errno where the last bytes did not reach the file. */
int writer__close(struct writer *w);

/* Nothing was recorded after all: have the file as it was before it was opened. Before writer__close(). */
void writer__discard(struct writer *w);

#endif /* TARE_WRITER_H */
