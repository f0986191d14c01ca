// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"
#include "runtime_files.h"

#define FILES_MAX 4096 /* then all are forgotten, and examined again as they come */

void runtime_files__init(struct runtime_files *f)
{
	table__init(&f->seen, FILES_MAX);
}

void runtime_files__free(struct runtime_files *f)
{
	table__free(&f->seen);
}

static uint64_t hash_of(const struct stat *st)
{
	const uint64_t id[] = { st->st_dev, st->st_ino, st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec };
	uint64_t hash = hash__add(HASH_BEGIN, id, sizeof(id));

	return hash == TABLE_NO_KEY ? 0 : hash;
}

static const struct runtime *examine(const char *exe)
{
	const struct runtime *rt = NULL;
	int fd = open(exe, O_RDONLY | O_CLOEXEC);
	struct image *img;
	char version[64];

	if (fd < 0)
		return NULL;
	if (image__open(fd, &img, NULL))
		img = NULL;
	rt = runtime__of(img, version, sizeof(version));
	image__close(img);
	close(fd);
	return rt;
}

const struct runtime *runtime_files__of(struct runtime_files *f, pid_t here)
{
	const struct runtime *rt;
	struct stat st;
	uint64_t *seen;
	char exe[64];

	snprintf(exe, sizeof(exe), "/proc/%d/exe", here);
	if (stat(exe, &st))
		return NULL;
	seen = table__find(&f->seen, hash_of(&st));
	if (seen)
		return (const struct runtime *)(uintptr_t)*seen;
	rt = examine(exe);
	if (f->seen.count == FILES_MAX) {
		table__free(&f->seen);
		table__init(&f->seen, FILES_MAX);
	}
	seen = rt ? table__add(&f->seen, hash_of(&st)) : NULL;
	if (seen)
		*seen = (uintptr_t)rt;
	return rt;
}
