/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's functions by address: its own, of its modules, and those made from BPF programs. */
#ifndef TARE_KERNEL_SYMBOLS_H
#define TARE_KERNEL_SYMBOLS_H

#include <stdint.h>

#include "ranges.h"

struct kernel_symbols {
	struct ranges ranges; /* of offsets in .names */
	char *names;
	uint64_t begun_ns; /* when it was last begun to read */
	uint64_t next_ns;  /* not read again before */
	int error;	   /* of the last reading: 0 or a negative errno */
};

/*
 * Read the table at @path ("/proc/kallsyms"), which takes a tenth of a second. Returns 0, -EPERM if addresses are
 * hidden from this process, or another negative errno; free it in any case. What was there is replaced if it succeeds.
 */
int kernel_symbols__read(struct kernel_symbols *k, const char *path);

/*
 * The function that contains @address, which ran at @ts_ns, or NULL. If it is not known, reads the table again, unless
 * it was read since: programs and modules are loaded while one looks; once a second at most. @k is zero at first. Names
 * are the kernel's, valid until the next call. *@start, unless NULL: where it begins.
 */
const char *kernel_symbols__at(struct kernel_symbols *k, uint64_t address, uint64_t ts_ns, uint64_t *start);

void kernel_symbols__free(struct kernel_symbols *k);

#endif /* TARE_KERNEL_SYMBOLS_H */
