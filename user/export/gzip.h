/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream that compresses: what is written to it goes, as gzip, into another. */
#ifndef TARE_GZIP_H
#define TARE_GZIP_H

#include <stdio.h>

/*
 * A new stream into @to, which belongs to the caller and must live as long. It is written to, not sought in. NULL: no
 * memory.
 */
FILE *gzip__open(FILE *to);

/*
 * Write out the rest and the end, and close it, not what it wrote into. Returns 0 or a negative errno: also that of
 * an earlier write that failed.
 */
int gzip__close(FILE *z);

#endif /* TARE_GZIP_H */
