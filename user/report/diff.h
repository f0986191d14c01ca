/* SPDX-License-Identifier: BSD-2-Clause */
/* Two recordings side by side: what differs by more than noise. */
#ifndef TARE_DIFF_H
#define TARE_DIFF_H

#include <stdio.h>

#include "model.h"

struct diff_side {
	const struct model *model; /* finished */
	double per; /* requests, or whatever was done, in the whole recording; 0: show figures per second */
};

/*
 * The main figures and the ledger's classes of both. A difference counts as more than noise if it is larger than what
 * the seconds of each recording, and the number of samples, make likely at 95 %. Output is safe for a terminal.
 */
void report__diff(const struct diff_side sides[2], FILE *to);

/* tare.diff/1, one JSON object and a newline. Returns 0, -ENOMEM, or -EIO if writing failed. */
int report__diff_json(const struct diff_side sides[2], FILE *to);

#endif /* TARE_DIFF_H */
