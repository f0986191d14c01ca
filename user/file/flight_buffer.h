/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last frames of a recording, in memory that is bounded in time and in bytes. What it holds can be written at any
 * time and is a recording like any other: it begins where all target threads were looked at (a mark), with all that
 * describes what is still there, and counts from then.
 */
#ifndef TARE_FLIGHT_BUFFER_H
#define TARE_FLIGHT_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "writer.h"

struct flight_buffer;

/* Holds at least @span_ns up to now, and half of that more, where that fits into @max_bytes. NULL: no memory. */
struct flight_buffer *flight_buffer__new(uint64_t span_ns, uint64_t max_bytes);
void flight_buffer__free(struct flight_buffer *s); /* NULL is fine */

/* A writer_sink_fn; @ctx is the struct flight_buffer. Returns 0 or -ENOMEM. */
int flight_buffer__add(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr);

/* Is it time for a mark? Since the last one much time went by, or many bytes came. */
bool flight_buffer__wants_mark(const struct flight_buffer *s, uint64_t now_ns);

/*
 * The recording can begin here: after all frames added until now, with these @nr @tasks, which are all target threads
 * as read at @now_ns. @self_cpu_ns: what the recorder itself had used by then. Lets go of what is too old. Returns 0 or
 * -ENOMEM.
 */
int flight_buffer__mark(struct flight_buffer *s, uint64_t now_ns, uint64_t self_cpu_ns, const struct tare_task *tasks,
			uint32_t nr);

/* Let go of all before the last mark that is not younger than @ts_ns; nothing where there is none. */
void flight_buffer__cut(struct flight_buffer *s, uint64_t ts_ns);

/* What is added while this is @on goes into the next flight_buffer__write() and into no later one. */
void flight_buffer__once(struct flight_buffer *s, bool on);

/*
 * Write what it holds to @w, in the order of adding. @meanwhile, if any, is called now and then and may add to the
 * buffer, but not mark or cut it; what it adds is not written. Returns 0 or a negative errno.
 */
int flight_buffer__write(struct flight_buffer *s, struct writer *w, void (*meanwhile)(void *ctx), void *ctx);

/* When what it holds begins: at a mark; 0: nothing has been let go yet. */
uint64_t flight_buffer__begin_ns(const struct flight_buffer *s);

/* Something had to go before its time for want of room. */
bool flight_buffer__was_short(const struct flight_buffer *s);

/* Bytes that there was no room for since the begin. */
uint64_t flight_buffer__lost_bytes(const struct flight_buffer *s);

/* Events lost before what it holds: the running totals when it begins. */
uint64_t flight_buffer__lost_before(const struct flight_buffer *s);

#endif /* TARE_FLIGHT_BUFFER_H */
