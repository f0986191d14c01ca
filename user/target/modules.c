// SPDX-License-Identifier: BSD-2-Clause
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "modules.h"
#include "open_in.h"
#include "pid_ns.h"
#include "proc.h"
#include "rest.h"

int elf__build_id(int fd, uint8_t id[TARE_BUILD_ID_MAX])
{
	const void *bits = NULL;
	ssize_t len = 0;
	Elf *elf;

	elf_version(EV_CURRENT);
	/* read, not mapped: truncation meanwhile must not raise SIGBUS */
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf)
		return 0;
	if (elf_kind(elf) == ELF_K_ELF)
		len = dwelf_elf_gnu_build_id(elf, &bits);
	if (len > TARE_BUILD_ID_MAX)
		len = TARE_BUILD_ID_MAX;
	if (len > 0)
		memcpy(id, bits, len);
	elf_end(elf);
	return len > 0 ? len : 0;
}

static int open_mapped(pid_t pid, uint64_t start, uint64_t end)
{
	char path[96];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid_ns__here(proc__living(pid)), start,
		 end);
	/* O_NONBLOCK: a FIFO or device put in the way must not hang the recorder */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

int module__open(pid_t pid, const struct module *m)
{
	return open_mapped(pid, m->start, m->end);
}

/* /proc/PID/map_files needs a privilege that recording does not: by its name, if that is still the same file. */
static int open_by_name(pid_t pid, const struct mapping *m)
{
	int fd = m->name && m->name[0] == '/' ? open_in_root_of(pid, m->name, true) : -ENOENT;
	struct stat st;

	if (fd < 0 || (!fstat(fd, &st) && st.st_ino == m->inode && st.st_dev == m->device))
		return fd;
	close(fd);
	return -ESTALE;
}

int mapping__open(pid_t pid, const struct mapping *m)
{
	int fd = open_mapped(pid, m->start, m->end);

	return fd < 0 && fd != -EINVAL ? open_by_name(pid, m) : fd;
}

int mapping__stat(pid_t pid, const struct mapping *m, struct stat *st)
{
	char path[96];
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid_ns__here(proc__living(pid)),
		 m->start, m->end);
	if (!stat(path, st))
		return S_ISREG(st->st_mode) ? 0 : -EINVAL;
	if (errno != EPERM && errno != EACCES)
		return -errno;
	fd = open_by_name(pid, m);
	if (fd < 0)
		return fd;
	ret = fstat(fd, st) ? -errno : 0;
	close(fd);
	return ret;
}

/*
 * The kernel returns at most a page per read (fs/seq_file.c) and looks up its position each time: stdio's own buffer
 * would need four times as many reads. Each of thousands of threads has a mapping for its stack, hence the rests
 * between lines. The kernel holds a lock of the process for at most a page of them; a reader of the lowest priority
 * might still hold it for long.
 */
#define MAPS_READ 4096

static FILE *open_maps(pid_t pid, char buf[MAPS_READ])
{
	char path[32];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid_ns__here(pid));
	f = fopen(path, "re");
	if (f)
		setvbuf(f, buf, _IOFBF, MAPS_READ);
	return f;
}

int modules__for_each(pid_t pid, int (*visit)(const struct module *m, void *ctx), void *ctx)
{
	char buf[MAPS_READ], *line = NULL;
	size_t room = 0;
	int ret = 0, at, fd;
	char perms[5];
	FILE *f;

	pid = proc__living(pid);
	f = open_maps(pid, buf);
	if (!f)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!ret && getline(&line, &room, f) > 0) {
		struct module m = { 0 };

		rest__take();
		at = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &m.start, &m.end, perms,
			   &m.offset, &at) < 4 ||
		    !at || perms[2] != 'x' || line[at] != '/')
			continue;
		line[strcspn(line, "\n")] = '\0';
		m.path = line + at;
		fd = module__open(pid, &m);
		if (fd >= 0) {
			m.build_id_len = elf__build_id(fd, m.build_id);
			close(fd);
		}
		ret = visit(&m, ctx);
	}
	free(line);
	fclose(f);
	return ret;
}

int mappings__for_each(pid_t pid, int (*visit)(const struct mapping *m, void *ctx), void *ctx)
{
	char buf[MAPS_READ], *line = NULL;
	unsigned major, minor;
	size_t room = 0;
	int ret = 0, at;
	char perms[5];
	FILE *f = open_maps(proc__living(pid), buf);

	if (!f)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!ret && getline(&line, &room, f) > 0) {
		struct mapping m = { .name = "" };

		rest__take();
		at = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %lu %n", &m.start, &m.end, perms,
			   &m.offset, &major, &minor, &m.inode, &at) < 7)
			continue;
		m.device = makedev(major, minor);
		m.code = perms[2] == 'x';
		line[strcspn(line, "\n")] = '\0';
		if (at && (size_t)at < strlen(line))
			m.name = line + at;
		ret = visit(&m, ctx);
	}
	free(line);
	fclose(f);
	return ret;
}

struct own_place {
	uint64_t address, offset;
};

static int find_own(const struct mapping *m, void *ctx)
{
	struct own_place *p = ctx;

	if (p->address < m->start || p->address >= m->end)
		return 0;
	p->offset = p->address - m->start + m->offset;
	return 1;
}

int mapping__own_offset(const void *address, uint64_t *offset)
{
	struct own_place place = { .address = (uintptr_t)address };
	int ret = mappings__for_each(getpid(), find_own, &place);

	if (ret != 1)
		return ret ?: -ENOENT;
	*offset = place.offset;
	return 0;
}
