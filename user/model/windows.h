/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main figures, second by second: how much they vary within a recording says what difference between two recordings
 * is more than noise.
 */
#ifndef TARE_MODEL_WINDOWS_H
#define TARE_MODEL_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOWS_MAX 2048 /* when there are more, each two are put together */

/* Public name, title, and whether it is a time in ns. */
#define WINDOW_FIGURES(X)                                             \
	X(CPU, "cpu_ns", "CPU time", true)                            \
	X(SWITCHES, "switches", "context switches", false)            \
	X(RUN_QUEUE, "run_queue_ns", "run-queue wait", true)          \
	X(THROTTLED, "throttled_ns", "throttled", true)               \
	X(PAUSES, "pauses", "stop-the-world pauses", false)           \
	X(WORLD, "pause_ns", "time in pauses", true)                  \
	X(COLLECTIONS, "collections", "collections", false)           \
	X(ALLOC_BYTES, "alloc_bytes", "bytes allocated", false)       \
	X(ALLOC_OBJECTS, "alloc_objects", "objects allocated", false) \
	X(GREEN, "goroutine_switches", "goroutine switches", false)

enum window_figure {
#define X(figure, ...) WINDOW_##figure,
	WINDOW_FIGURES(X)
#undef X
		NR_WINDOW_FIGURES
};

struct window {
	uint64_t end_ns;
	uint64_t sums[NR_WINDOW_FIGURES]; /* since the recording began; TARE_UNKNOWN: not told */
};

struct windows {
	uint64_t begin_ns, width_ns;
	struct window *all;
	size_t nr, room;
};

/* What changed in one second, on the mean over the recording. */
struct window_rate {
	double mean;  /* a second */
	double error; /* standard error of the mean; < 0: not known, there are too few windows */
};

/* Is @ts_ns beyond the current window? Then windows__close() it. The first call begins it. */
bool windows__is_due(struct windows *w, uint64_t ts_ns);
/* Returns 0 or -ENOMEM. */
int windows__close(struct windows *w, const struct window *now);

/* Returns false if the figure is not known. */
bool windows__rate(const struct windows *w, enum window_figure figure, struct window_rate *rate);

void windows__free(struct windows *w);

#endif /* TARE_MODEL_WINDOWS_H */
