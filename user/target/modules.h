/* SPDX-License-Identifier: BSD-2-Clause */
/* The files with code that a process has mapped, and their build ids. */
#ifndef TARE_MODULES_H
#define TARE_MODULES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "format.h"
#include "image.h"

/* One mapping with code. .path is as the process sees it. */
struct module {
	uint64_t start, end, offset;
	const char *path;
	uint8_t build_id_len; /* 0: none found, or not readable */
	uint8_t build_id[TARE_BUILD_ID_MAX];
};

/*
 * Call @visit for each. The file is read through the mapping itself (/proc/PID/map_files): neither the target's mount
 * namespace nor a file replaced since matters. Returns 0, the non-zero result of @visit, or a negative errno (-ESRCH:
 * no such process).
 */
int modules__for_each(pid_t pid, int (*visit)(const struct module *m, void *ctx), void *ctx);

/* Any mapping. .name is a file's path as the process sees it, "[heap]", "[anon: Go: heap]" or the like, or "". */
struct mapping {
	uint64_t start, end, offset;
	dev_t device; /* of the file, as the kernel tells it here: on some file systems stat() has another */
	ino_t inode;  /* 0: no file */
	bool code;    /* may be executed */
	const char *name;
};

/* As above, for every mapping, in address order. Opens no file. */
int mappings__for_each(pid_t pid, int (*visit)(const struct mapping *m, void *ctx), void *ctx);

/* Where in its file this process's code at @address is: sets *@offset. Returns 0 or a negative errno. */
int mapping__own_offset(const void *address, uint64_t *offset);

/*
 * Open the file mapped at @m: that very file, whatever its name refers to now. Returns a descriptor or a negative
 * errno.
 */
int module__open(pid_t pid, const struct module *m);
int mapping__open(pid_t pid, const struct mapping *m);

/* stat() the regular file mapped at @m, without opening it. Returns 0 or a negative errno. */
int mapping__stat(pid_t pid, const struct mapping *m, struct stat *st);

/* The build id in the ELF file @fd. Returns its length, 0 if there is none. Safe on any file. */
int elf__build_id(int fd, uint8_t id[TARE_BUILD_ID_MAX]);

#endif /* TARE_MODULES_H */
