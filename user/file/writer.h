/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes a recording, frame by frame. Append-only, so a pipe works too. */
#ifndef TARE_WRITER_H
#define TARE_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "format.h"

struct writer;

/*
 * Create @path for a new recording, mode 0600 ("-": standard output). An existing regular file is renamed to PATH.old.
 * A symbolic link is refused, since this runs as root. Returns 0 and sets *@out, or a negative errno after reporting
 * the error.
 */
int writer__open(const char *path, struct writer **out);

/*
 * Would writer__open() refuse @path, if that can be told without creating it? Returns 0, or a negative errno after
 * reporting why.
 */
int writer__check(const char *path);

/*
 * Takes one frame: @head is complete, including its checksum; the @nr pieces of @iov are the payload. Returns 0 or a
 * negative errno.
 */
typedef int writer_sink_fn(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr);

/* A writer whose frames go to @sink instead of a file. Returns 0 and sets *@out, or -ENOMEM. */
int writer__to(writer_sink_fn *sink, void *ctx, struct writer **out);

/* From now on each frame also goes to @tee, whose result is ignored. */
void writer__tee(struct writer *w, writer_sink_fn *tee, void *ctx);

/*
 * From now on frames go to the file compressed, at zstd's level @level (1 to WRITER_MAX_LEVEL; 0: not at all;
 * WRITER_WITHIN_BUDGET: at level 1 as long as that takes less than 2 % of a CPU, see block.c). They are held back until
 * there is enough of them to compress well, or writer__tick() or writer__flush() lets them go. Call it before the first
 * frame. Returns 0 or -ENOMEM.
 */
int writer__compress(struct writer *w, int level);
#define WRITER_WITHIN_BUDGET (-1)
#define WRITER_MAX_LEVEL     19 /* the highest that zstd itself takes without being told to do its utmost */

/* It is @now_ns: write what was held back for too long. The end of a recording is written at once anyway. */
void writer__tick(struct writer *w, uint64_t now_ns);

/* Write what is held back. Returns 0 or a negative errno, as writer__frame() does. */
int writer__flush(struct writer *w);

/*
 * Append one frame whose payload is the @nr pieces of @iov (at most 7). Returns 0 or a negative errno. The first
 * failure (a full disk) is reported once, and the file is truncated to its last whole frame. After that nothing is
 * written, only counted as unwritten.
 */
int writer__frame(struct writer *w, int type, int cpu, uint64_t ts_ns, const struct iovec *iov, int nr);

/* As writer__frame() for an array frame: struct tare_array, then @count elements of @elem_size bytes. */
int writer__array(struct writer *w, int type, uint64_t ts_ns, const void *elems, uint32_t elem_size, uint32_t count);

/* Bytes in the file, without what is held back; and bytes of frames that could not be written. */
uint64_t writer__bytes(const struct writer *w);
uint64_t writer__lost_bytes(const struct writer *w);

/*
 * Append a frame of time @ts_ns that is one struct of @size bytes, @head, ending in a string of @len bytes. Sets the
 * struct's second member to the total length. Returns 0 or a negative errno.
 */
int writer__named(struct writer *w, int type, uint64_t ts_ns, void *head, size_t size, const char *text, size_t len);

/* Write what is held back, close and free. Returns 0, or a negative errno if the last bytes did not reach the file. */
int writer__close(struct writer *w);

/*
 * Nothing was recorded: restore the file as it was before it was opened. Call before writer__close(). Returns whether
 * that was done; what went to a pipe or device cannot be taken back.
 */
bool writer__discard(struct writer *w);

#endif /* TARE_WRITER_H */
