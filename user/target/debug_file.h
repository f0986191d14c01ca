/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the debug information of a stripped file is: found by build id or link, and only if it is the very one. */
#ifndef TARE_DEBUG_FILE_H
#define TARE_DEBUG_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "format.h"
#include "image.h"

#define DEBUG_DIR "/usr/lib/debug" /* looked at first */

struct debug_places {
	const char *const *dirs; /* besides DEBUG_DIR */
	size_t nr_dirs;
	uint64_t ask_ns; /* ask a debuginfod server for so long, if the user's environment names one; 0: never */
};

/* The file that is looked for. */
struct debug_wanted {
	struct image *img;
	pid_t pid;	  /* a process that maps it */
	const char *path; /* of the file, as that process sees it */
	uint8_t build_id[TARE_BUILD_ID_MAX];
	uint8_t build_id_len; /* 0: none */
};

/*
 * Open it: by build id in .build-id of each place, then by .gnu_debuglink beside the file and in the places, then from
 * a server. One with another build id, or another checksum than the link says, is passed over. Returns a descriptor or
 * -ENOENT. May take as long as reading a large file does.
 */
int debug_file__open(const struct debug_places *places, const struct debug_wanted *wanted);

/* The file with @id in .build-id, or at @path if that is within DEBUG_DIR. Returns as above. */
int debug_file__open_shared(const struct debug_places *places, const uint8_t *id, size_t len, const char *path);

#endif /* TARE_DEBUG_FILE_H */
