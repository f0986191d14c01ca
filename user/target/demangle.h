/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of C++ and Rust functions as their source has them. */
#ifndef TARE_DEMANGLE_H
#define TARE_DEMANGLE_H

#include <stddef.h>

/*
 * The name that @symbol stands for, without parameters and Rust's hash: written to @buf and returned; @symbol itself if
 * it stands for no other, or for one that is longer than @size allows or too nested. @symbol may be anything: time and
 * memory are bounded by @size.
 */
const char *demangle(const char *symbol, char *buf, size_t size);

#endif /* TARE_DEMANGLE_H */
