/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream that compresses: what is written to it goes, as gzip, into another. */
#ifndef TARE_GZIP_H
#define TARE_GZIP_H

#include <stdio.h>

struct gzip;

/* Into @to, which belongs to the caller and must live as long. NULL: no memory. */
struct gzip *gzip__open(FILE *to);

/* What to write to; not to seek in, nor to close. */
FILE *gzip__stream(struct gzip *g);

/*
 * Write out the rest and the end, and free @g, but not what it wrote into. Returns 0 or a negative errno: also that of
 * an earlier write that failed.
 */
int gzip__close(struct gzip *g);

#endif /* TARE_GZIP_H */
