/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LEAK_H
#define LEAK_H

#include "result.h"

/* Puts keys 0, 1, .. into the program's cache, as fast as options say. Prints the whole result. Exit code. */
int leak__run(const struct options *options, void (*put)(uint64_t key, size_t value_bytes), void (*sleep)(int64_t ns));

#endif
