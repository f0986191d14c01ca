/* SPDX-License-Identifier: BSD-2-Clause */
/* Huge pages, which a single page fault brings in. */
#ifndef TARE_HUGE_PAGES_H
#define TARE_HUGE_PAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How large one is, in bytes, as memory without a file gets them; 0: this kernel has none. */
uint64_t huge_pages__bytes(void);

/* Does the kernel use them without being asked to (transparent_hugepage/enabled is `always')? */
bool huge_pages__are_default(void);

/*
 * Is what process @pid has mapped at @address a huge page, now? False also if it is not mapped any more, or the kernel
 * does not tell (PAGEMAP_SCAN, Linux 6.7; before, /proc/kpageflags, for which it takes CAP_SYS_ADMIN).
 */
bool huge_pages__is(pid_t pid, uint64_t address);

#endif /* TARE_HUGE_PAGES_H */
