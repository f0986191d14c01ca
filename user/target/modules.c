// SPDX-License-Identifier: BSD-2-Clause
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "modules.h"

int elf__build_id(int fd, uint8_t id[TARE_BUILD_ID_MAX])
{
	const void *bits = NULL;
	ssize_t len = 0;
	Elf *elf;

	elf_version(EV_CURRENT);
	/* read, not mapped: a file that is cut short while it is looked at must not raise SIGBUS here */
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

int module__open(pid_t pid, const struct module *m)
{
	char path[4200];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, m->start, m->end);
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

int modules__for_each(pid_t pid, int (*visit)(const struct module *m, void *ctx), void *ctx)
{
	char path[32], *line = NULL;
	size_t room = 0;
	int ret = 0, at, fd;
	char perms[5];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!ret && getline(&line, &room, f) > 0) {
		struct module m = { 0 };

		at = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &m.start, &m.end, perms, &m.offset,
			   &at) < 4 || !at || perms[2] != 'x' || line[at] != '/')
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
	char path[32], *line = NULL;
	size_t room = 0;
	int ret = 0, at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!ret && getline(&line, &room, f) > 0) {
		struct mapping m = { .name = "" };

		at = 0;
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n", &m.start, &m.end, &at) < 2)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (at && (size_t)at < strlen(line))
			m.name = line + at;
		ret = visit(&m, ctx);
	}
	free(line);
	fclose(f);
	return ret;
}

struct bias {
	const struct image *img;
	uint64_t bias;
};

static int find_bias(const struct module *m, void *ctx)
{
	struct bias *b = ctx;

	/* the first file mapped with code is the program itself: the dynamic linker lies above it */
	return image__bias(b->img, m->start, m->offset, true, &b->bias) ? 0 : 1;
}

int modules__bias(pid_t pid, const struct image *img, uint64_t *bias)
{
	struct bias b = { .img = img };

	if (modules__for_each(pid, find_bias, &b) != 1)
		return -ESRCH;
	*bias = b.bias;
	return 0;
}
