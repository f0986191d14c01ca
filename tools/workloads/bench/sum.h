/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SUM_H
#define SUM_H

#include "result.h"

/* Fills the array of options->live_bytes, adds it up as options say, prints the whole result. Exit code. */
int sum__run(const struct options *options, uint64_t *array);

#endif
