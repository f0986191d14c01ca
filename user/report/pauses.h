/* SPDX-License-Identifier: BSD-2-Clause */
/* The stop-the-world pauses of a finished model, one by one: as a table, and as JSON. */
#ifndef TARE_PAUSES_H
#define TARE_PAUSES_H

#include <stdio.h>

#include "model.h"

struct pauses_opts {
	uint32_t longest; /* how many to show; 0: all that were kept */
	/*
	 * The function at @ip of process @tgid, valid until the next call, or NULL. If unset, the recording's symbols
	 * are used.
	 */
	const char *(*symbol)(uint32_t tgid, uint64_t ip);
};

/* Longest first, each with its verdict, then the sums by cause. Fits 100 columns. */
void report__pauses(const struct model *m, FILE *to, const struct pauses_opts *opts);

/* tare.pauses/1, one JSON object and a newline. Returns 0, -ENOMEM, or -EIO if writing failed. */
int report__pauses_json(const struct model *m, FILE *to, const struct pauses_opts *opts);

/* The runtime's name for a reason (@name NULL: its number), safe to print. Returns @buf. */
const char *pause_reason_name(const char *name, uint64_t reason, char buf[64]);

/* What @cause mostly was in @p: a rival, a system call, a function... "" if there is nothing to add. */
const char *pause_detail(const struct model *m, const struct pause *p, enum pause_cause cause,
			 const struct pauses_opts *opts, char buf[192]);

/* Why @p took so long, in one sentence. Returns @buf. */
const char *pause_sentence(const struct model *m, const struct pause *p, const struct pauses_opts *opts, char buf[640]);

#endif /* TARE_PAUSES_H */
