/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last frames of a recording, in memory that is bounded in time and in bytes. What it holds can be written at any
 * time and is a recording like any other: it begins where all target threads were looked at (a mark), with all that
 * describes what is still there, and counts from then.
 */
#ifndef TARE_STORE_H
#define TARE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "writer.h"

struct store;

/* Holds at least @span_ns up to now, and half of that more, where that fits into @max_bytes. NULL: no memory. */
struct store *store__new(uint64_t span_ns, uint64_t max_bytes);
void store__free(struct store *s); /* NULL is fine */

/* A writer_sink_fn; @ctx is the struct store. Returns 0 or -ENOMEM. */
int store__add(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr);

/* Is it time for a mark? Since the last one much time went by, or many bytes came. */
bool store__wants_mark(const struct store *s, uint64_t now_ns);

/*
 * The recording can begin here: after all frames added until now, with these @nr @tasks, which are all target threads
 * as read at @now_ns. @self_cpu_ns: what the recorder itself had used by then. Lets go of what is too old. Returns 0 or
 * -ENOMEM.
 */
int store__mark(struct store *s, uint64_t now_ns, uint64_t self_cpu_ns, const struct tare_task *tasks, uint32_t nr);

/* Let go of all before the last mark that is not younger than @ts_ns; nothing where there is none. */
void store__cut(struct store *s, uint64_t ts_ns);

/* What is added while this is @on goes into the next store__write() and into no later one. */
void store__once(struct store *s, bool on);

/*
 * Write what it holds to @w, in the order of adding. @meanwhile, if any, is called now and then and may add to the
 * store, but not mark or cut it; what it adds is not written. Returns 0 or a negative errno.
 */
int store__write(struct store *s, struct writer *w, void (*meanwhile)(void *ctx), void *ctx);

/* When what it holds begins: at a mark; 0: nothing has been let go yet. */
uint64_t store__begin_ns(const struct store *s);

/* Something had to go before its time for want of room. */
bool store__was_short(const struct store *s);

/* Bytes that there was no room for since the begin. */
uint64_t store__lost_bytes(const struct store *s);

/* Events lost before what it holds: the running totals when it begins. */
uint64_t store__lost_before(const struct store *s);

#endif /* TARE_STORE_H */
