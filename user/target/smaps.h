/* SPDX-License-Identifier: BSD-2-Clause */
/* How much of each mapping of a process is resident, as /proc/PID/smaps has it; Documentation/filesystems/proc.rst. */
#ifndef TARE_SMAPS_H
#define TARE_SMAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct smap {
	uint64_t start, end;
	uint64_t rss; /* bytes resident; 0 for huge pages of hugetlbfs, which VmRSS leaves out too */
	dev_t device;
	ino_t inode; /* 0: no file */
	bool readable, writable, code, shared;
	const char *name; /* as in struct mapping (modules.h); valid during the call */
};

/*
 * Call @visit for each mapping in the text @f, in the order of addresses. Lines that are none of the kernel's are
 * skipped. Returns 0, the non-zero result of @visit, or a negative errno if reading failed.
 */
int smaps__for_each(FILE *f, int (*visit)(const struct smap *m, void *ctx), void *ctx);

/*
 * Open that of process @pid. The kernel walks the page tables of a whole mapping for it, which takes some 10 ms for
 * 10 GB, while the process cannot map memory. Returns NULL and sets errno; close it with smaps__close().
 */
FILE *smaps__open(pid_t pid);
void smaps__close(FILE *f);

/* Of /proc/PID/status, bytes. */
struct memory_sizes {
	uint64_t rss, rss_max, swapped; /* VmRSS, VmHWM, VmSwap */
};

/* Returns 0, or -ESRCH: it is gone, or has no memory any more. */
int memory_sizes__read(pid_t pid, struct memory_sizes *sizes);

/*
 * Which pages of process @pid are resident: /proc/PID/pagemap. Returns a descriptor or a negative errno.
 */
int pagemap__open(pid_t pid);

/*
 * The entries of the @nr pages from address @start on, PAGEMAP_PRESENT and others. Returns how many were read, or a
 * negative errno.
 */
ssize_t pagemap__read(int fd, uint64_t start, uint64_t *entries, size_t nr);
#define PAGEMAP_PRESENT (1ull << 63) /* Documentation/admin-guide/mm/pagemap.rst */

#endif /* TARE_SMAPS_H */
