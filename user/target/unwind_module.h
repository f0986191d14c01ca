/* SPDX-License-Identifier: BSD-2-Clause */
/* Call frame information of files, once for all processes, within a limit of memory. For the unwinder only. */
#ifndef TARE_UNWIND_MODULE_H
#define TARE_UNWIND_MODULE_H

#include <sys/types.h>

#include "cfi.h"
#include "image.h"
#include "modules.h"

/* One version of a file; the kernel's own code in each process (vdso) is known by its contents. */
struct module_key {
	uint64_t dev, ino, size;
	int64_t changed_s, changed_ns;
};

struct unwind_module {
	struct unwind_module *next;
	struct module_key key;
	unsigned users; /* mappings */
	/* changes each time it is loaded, so that what was derived from it can be told to be out of date; 0: not loaded
	 */
	uint32_t id;
	uint64_t used_ns, tried_ns;
	const char *why; /* it was refused: static text */
	bool retry;	 /* it may be loaded later, though not at once */
	uint64_t entry;
	struct image_segment *segments;
	size_t nr_segments;
	struct cfi_section sections[2];
	size_t bytes;
};

struct unwind_modules {
	struct unwind_module *first;
	size_t bytes, bytes_max;
	unsigned nr;
	uint32_t last_id;
	void (*refused)(const char *path, const char *why, void *ctx);
	void *ctx;
};

/*
 * What is mapped at @m in process @pid, for another user, loaded. Returns it, also if it was refused (.why); NULL, and
 * errno (ENOENT: there is no such mapping any more), if nothing can be known of its code.
 */
struct unwind_module *unwind_modules__get(struct unwind_modules *all, pid_t pid, const struct mapping *m, uint64_t now);
void unwind_modules__put(struct unwind_modules *all, struct unwind_module *mod);
void unwind_modules__free(struct unwind_modules *all);

#endif /* TARE_UNWIND_MODULE_H */
