/* SPDX-License-Identifier: BSD-2-Clause */
/* The recording that is exported: read once or several times, all of it or what was chosen. */
#ifndef TARE_EXPORT_INPUT_H
#define TARE_EXPORT_INPUT_H

#include "choice.h"
#include "export.h"

struct model;

struct export_input {
	const char *path; /* "-": standard input */
	struct choice_opts chosen;
	/* internal */
	struct choice choice;
	const char *given; /* .path as it was, once open */
	bool chooses, told_damage, told_nothing;
	char spooled[32]; /* where standard input was kept */
};

/*
 * Get ready to read it, @twice or more often: keeps standard input, and finds what was chosen. A file that is no
 * recording is refused here, before any output is made. Returns an exit code, after saying what is wrong.
 */
int export_input__open(struct export_input *in, bool twice);
void export_input__close(struct export_input *in);

/*
 * Give each event to @take. Returns 0, a negative errno, or what @take returned; -EBADF if the reader has said why.
 * Damage is told once.
 */
int export_input__for_each(struct export_input *in, int (*take)(void *ctx, const struct event *ev), void *ctx);

/* The finished model of it, with @opts filled in; the caller's. NULL after saying why not. */
struct model *export_input__whole(struct export_input *in, struct export_opts *opts);

#endif /* TARE_EXPORT_INPUT_H */
