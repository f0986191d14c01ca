// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "huge_pages.h"
#include "util.h"

#define SETTINGS "/sys/kernel/mm/transparent_hugepage/"

/* PAGEMAP_SCAN, include/uapi/linux/fs.h since 6.7 */
struct scan {
	uint64_t size, flags, start, end, walk_end, regions, nr_regions, max_pages;
	uint64_t inverted, mask, any_of, returned;
};
struct scan_region {
	uint64_t start, end, categories;
};
#define SCAN	  _IOWR('f', 16, struct scan)
#define SCAN_HUGE (1 << 6) /* PAGE_IS_HUGE */

/* Documentation/admin-guide/mm/pagemap.rst */
#define PRESENT	   (1ull << 63)
#define FRAME_MASK ((1ull << 55) - 1)
#define KPF_HUGE   (1ull << 17)
#define KPF_THP	   (1ull << 22)

/* The beginning of a short file; "" if it cannot be read. */
static void read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

uint64_t huge_pages__bytes(void)
{
	char text[32];
	uint64_t bytes;

	read_text(SETTINGS "hpage_pmd_size", text, sizeof(text));
	bytes = strtoull(text, NULL, 10);
	return bytes & (bytes - 1) ? 0 : bytes;
}

bool huge_pages__are_default(void)
{
	char text[128];

	read_text(SETTINGS "enabled", text, sizeof(text));
	return strstr(text, "[always]");
}

/* 1: it is huge, 0: it is not, or a negative errno. */
static int scan(int fd, uint64_t address, uint64_t page)
{
	struct scan_region region;
	struct scan s = {
		.size = sizeof(s),
		.start = address & -page,
		.end = (address & -page) + page,
		.regions = (uintptr_t)&region,
		.nr_regions = 1,
		.mask = SCAN_HUGE,
		.returned = SCAN_HUGE,
	};
	int n = ioctl(fd, SCAN, &s);

	return n < 0 ? -errno : n > 0;
}

/* Likewise, for older kernels: a page in memory belongs to a larger one, which then is a huge one. */
static bool look_up(int fd, uint64_t address, uint64_t page)
{
	uint64_t entry = 0, flags = 0;
	int all;

	if (pread(fd, &entry, sizeof(entry), address / page * sizeof(entry)) != sizeof(entry) || !(entry & PRESENT) ||
	    !(entry & FRAME_MASK))
		return false;
	all = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (all < 0)
		return false;
	if (pread(all, &flags, sizeof(flags), (entry & FRAME_MASK) * sizeof(flags)) != sizeof(flags))
		flags = 0;
	close(all);
	return flags & (KPF_HUGE | KPF_THP);
}

bool huge_pages__is(pid_t pid, uint64_t address)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	char path[64];
	int fd, is;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	is = scan(fd, address, page);
	if (is == -ENOTTY)
		is = look_up(fd, address, page);
	close(fd);
	return is > 0;
}
