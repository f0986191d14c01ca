/* SPDX-License-Identifier: BSD-2-Clause */
/* From the analysis beside a recording to who draws: sums at equal intervals, and pauses as they come. */
#ifndef TARE_TOP_FEED_H
#define TARE_TOP_FEED_H

#include "live.h"
#include "top_pauses.h"
#include "top_sums.h"

struct top_feed;

/* Sums are taken every @interval_ns. Returns 0 and sets *@out, or a negative errno. */
int top_feed__start(uint64_t interval_ns, struct top_feed **out);

/* For a session to pass its frames on. */
struct session_listener top_feed__listener(struct top_feed *f);

/* The recording is to end. From any thread. */
void top_feed__stop(struct top_feed *f);

/* No recording will come, or no more of it: who waits for sums gets none. From any thread. */
void top_feed__close(struct top_feed *f);

/*
 * Wait until there are sums that were not handed out yet, at most @timeout_ns; the latest of several. Returns 1 and
 * fills *@sums, which are the caller's; 0 if time is up; -ENODATA if no more will come.
 */
int top_feed__next(struct top_feed *f, uint64_t timeout_ns, struct top_sums *sums);

/* The pauses up to now. */
void top_feed__pauses(struct top_feed *f, struct top_pauses *to);

/* Waits for the analysis to end. NULL is fine. */
void top_feed__free(struct top_feed *f);

#endif /* TARE_TOP_FEED_H */
