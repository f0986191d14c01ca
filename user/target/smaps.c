// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "pid_ns.h"
#include "proc.h"
#include "smaps.h"

/* A mapping's first line is that of /proc/PID/maps. Returns whether @line is one. */
static bool parse_first(char *line, struct smap *m)
{
	unsigned major, minor;
	char perms[5];
	int at = 0;

	*m = (struct smap){ .name = "" };
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %x:%x %lu %n", &m->start, &m->end, perms, &major, &minor,
		   &m->inode, &at) < 6 ||
	    m->end <= m->start || strlen(perms) != 4)
		return false;
	m->device = makedev(major, minor);
	m->readable = perms[0] == 'r';
	m->writable = perms[1] == 'w';
	m->code = perms[2] == 'x';
	m->shared = perms[3] == 's';
	if (at && (size_t)at < strlen(line))
		m->name = line + at;
	return true;
}

int smaps__for_each(FILE *f, int (*visit)(const struct smap *m, void *ctx), void *ctx)
{
	char *lines[2] = { NULL, NULL }; /* a mapping's name is in the one while its figures are read into the other */
	size_t room[2] = { 0, 0 };
	struct smap m = { 0 }, next;
	bool has = false;
	int ret = 0, at = 0;

	while (!ret && getline(&lines[at], &room[at], f) > 0) {
		char *line = lines[at];

		line[strcspn(line, "\n")] = '\0';
		if (line[0] >= 'A' && line[0] <= 'Z') {
			if (!strncmp(line, "Rss:", 4))
				m.rss = strtoull(line + 4, NULL, 10) * 1024;
			continue;
		}
		if (!parse_first(line, &next))
			continue;
		if (has)
			ret = visit(&m, ctx);
		has = true;
		m = next;
		at = !at;
	}
	if (!ret && ferror(f))
		ret = errno ? -errno : -EIO;
	if (!ret && has)
		ret = visit(&m, ctx);
	free(lines[0]);
	free(lines[1]);
	return ret;
}

static int open_of(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid_ns__here(proc__living(pid)), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : errno == ENOENT ? -ESRCH : -errno;
}

FILE *smaps__open(pid_t pid)
{
	int fd = open_of(pid, "smaps");
	FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;

	if (fd >= 0 && !f)
		close(fd);
	if (fd < 0)
		errno = -fd;
	return f;
}

void smaps__close(FILE *f)
{
	fclose(f);
}

/* In KiB there, and always of whole pages. */
static uint64_t size_of(const char *status, const char *key)
{
	const char *p = strstr(status, key);

	return p ? strtoull(p + strlen(key), NULL, 10) * 1024 : 0;
}

int memory_sizes__read(pid_t pid, struct memory_sizes *sizes)
{
	char status[4096];
	ssize_t n = proc__read(proc__living(pid), "status", status, sizeof(status));

	if (n < 0 || !strstr(status, "\nVmRSS:"))
		return -ESRCH;
	sizes->rss = size_of(status, "\nVmRSS:");
	sizes->rss_max = size_of(status, "\nVmHWM:");
	sizes->swapped = size_of(status, "\nVmSwap:");
	return 0;
}

int pagemap__open(pid_t pid)
{
	return open_of(pid, "pagemap");
}

ssize_t pagemap__read(int fd, uint64_t start, uint64_t *entries, size_t nr)
{
	uint64_t at = start / sysconf(_SC_PAGESIZE) * sizeof(*entries);
	ssize_t n = pread(fd, entries, nr * sizeof(*entries), at);

	return n < 0 ? -errno : n / (ssize_t)sizeof(*entries);
}
