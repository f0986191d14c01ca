/* SPDX-License-Identifier: BSD-2-Clause */
/* Measured claims, as text, as JSON (tare.claims/1) and as one page of HTML. */
#ifndef TARE_SHOW_H
#define TARE_SHOW_H

#include <stdio.h>

#include "claims.h"
#include "measure.h"

struct showing {
	const struct claims *claims;
	const struct noise *noise;
	const json_t *versions; /* of the runtimes: name to version */
	const char *path;	/* of the folders that its commands are in, with ':' between them */
	unsigned runs;
	bool details; /* of each cell: the interval, the program's own clock, its command */
};

void show__text(const struct showing *s, FILE *to);
/* What would be measured: id, claim, commands. Of @s only the claims and the path are looked at. */
void show__list(const struct showing *s, FILE *to);
/* Return 0, -ENOMEM, or -EIO if writing failed. */
int show__json(const struct showing *s, FILE *to);
int show__html(const struct showing *s, FILE *to);

/* @v in @unit ("ns", "bytes", "%", "x" for a ratio, otherwise a word or ""), three digits. Returns @buf. */
const char *show__value(double v, const char *unit, char buf[32]);

/* What a rule asks: "about 100 ns", "at most 0.1 x". Returns @buf. */
const char *show__rule(const struct rule *r, char buf[128]);

/*
 * What the program's own clock says, and if that is more than 5 % off, why: shares of its time, over all threads. "" if
 * it has none. Returns @buf.
 */
const char *show__check(const struct cell *cell, char buf[192]);

/* What the intervals of @runs runs are, see series__estimate(). Returns @buf. */
const char *show__interval(unsigned runs, char *buf, size_t size);

/* The command that runs cell @c's program alone, where the path is as struct showing says. Returns @buf. */
const char *show__command(const struct cell *c, char *buf, size_t size);

#endif /* TARE_SHOW_H */
