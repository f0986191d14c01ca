/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last frames of a recording, in memory bounded by time and bytes. Its contents can be written at any time and form
 * a normal recording. It begins at a mark, where all target threads were read, with descriptions of everything that
 * still exists, and counts from there.
 */
#ifndef TARE_FLIGHT_BUFFER_H
#define TARE_FLIGHT_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "writer.h"

struct flight_buffer;

/* Holds at least the last @span_ns, and up to half more, if that fits into @max_bytes. NULL: no memory. */
struct flight_buffer *flight_buffer__new(uint64_t span_ns, uint64_t max_bytes);
void flight_buffer__free(struct flight_buffer *s); /* NULL is fine */

/* A writer_sink_fn; @ctx is the struct flight_buffer. Returns 0 or -ENOMEM. */
int flight_buffer__add(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr);

/* Is a mark due? After some time or many bytes since the last one. */
bool flight_buffer__wants_mark(const struct flight_buffer *s, uint64_t now_ns);

/*
 * A recording can begin here: after all frames added so far, with these @nr @tasks, which are all target threads as
 * read at @now_ns. @self_cpu_ns: the recorder's own CPU time so far. Drops what is too old. Returns 0 or -ENOMEM.
 */
int flight_buffer__mark(struct flight_buffer *s, uint64_t now_ns, uint64_t self_cpu_ns, const struct tare_task *tasks,
			uint32_t nr);

/* Drop everything before the last mark at or before @ts_ns; does nothing if there is none. */
void flight_buffer__cut(struct flight_buffer *s, uint64_t ts_ns);

/* Frames added while this is @on go into the next flight_buffer__write() only. */
void flight_buffer__once(struct flight_buffer *s, bool on);

/*
 * Write the contents to @w in the order of adding. @meanwhile, if set, is called now and then. It may add to the
 * buffer, which is not written, but not mark or cut it. Returns 0 or a negative errno.
 */
int flight_buffer__write(struct flight_buffer *s, struct writer *w, void (*meanwhile)(void *ctx), void *ctx);

/* When its contents begin: at a mark; 0: nothing has been dropped yet. */
uint64_t flight_buffer__begin_ns(const struct flight_buffer *s);

/* Something was dropped early for lack of space. */
bool flight_buffer__was_short(const struct flight_buffer *s);

/* Bytes that did not fit, since the begin. */
uint64_t flight_buffer__lost_bytes(const struct flight_buffer *s);

/* Events lost before its contents: the running totals at the begin. */
uint64_t flight_buffer__lost_before(const struct flight_buffer *s);

#endif /* TARE_FLIGHT_BUFFER_H */
