/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose fault it is that the kernel gives tare no memory. */
#ifndef TARE_NO_MEMORY_H
#define TARE_NO_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * @what ("load its BPF programs") failed with @error, a negative errno: if that may be since this process's memory
 * cgroup has a limit, say so. Returns whether it did.
 */
bool no_memory__explain(const char *what, int error);

/*
 * Has this process's memory cgroup room for @bytes of ring buffers, and what a recorder needs beside them? Else the
 * kernel would kill it, without a word from it: then says so.
 */
bool no_memory__is_room_for(uint64_t bytes);

#endif /* TARE_NO_MEMORY_H */
