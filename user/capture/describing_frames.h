/* SPDX-License-Identifier: BSD-2-Clause */
/* What a recording says of itself: where, how and of what it was made. */
#ifndef TARE_DESCRIBING_FRAMES_H
#define TARE_DESCRIBING_FRAMES_H

#include <stdint.h>
#include <sys/types.h>

#include "runtime.h"
#include "writer.h"

/* The HEADER frame: clocks and machine. Returns 0 or a negative errno. */
int describing_frames__header(struct writer *w, unsigned nr_cpus);

/* One INFO frame of @nr pairs of key and value. Returns 0 or a negative errno. */
int describing_frames__info(struct writer *w, const char *const (*pairs)[2], unsigned nr);

/*
 * Process @pid's names for its numbers, from @runtime and its data @self, as a NAMES frame. Returns 0 or a negative
 * errno.
 */
int describing_frames__names(struct writer *w, pid_t pid, const struct runtime *runtime, void *self);

/* The machine and the command line that made the recording, as INFO. Returns 0 or a negative errno. */
int describing_frames__host(struct writer *w, const char *cmdline);

/*
 * Process @pid and its mapped files, as PROCESSES and MODULES frames. Returns 0, -ESRCH if it is already gone, or
 * another negative errno.
 */
int describing_frames__process(struct writer *w, pid_t pid);

#endif /* TARE_DESCRIBING_FRAMES_H */
