/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a compiler at run time (JIT) says of the code that it made: /tmp/perf-PID.map, lines "START SIZE NAME" in
 * hexadecimal, appended as code is made. The target writes it: it may say anything.
 */
#ifndef TARE_PERF_MAP_H
#define TARE_PERF_MAP_H

#include <stdint.h>
#include <sys/types.h>

#include "ranges.h"

struct perf_map {
	int fd; /* -1: none is there */
	uint64_t read_bytes, next_ns;
	struct perf_map_entry {
		uint64_t start, bytes;
		uint32_t name; /* offset in .names */
	} * entries;
	size_t nr, room;
	char *names;
	size_t len, names_room;
	struct ranges ranges; /* of offsets in .names; the latest entry for an address counts */
};

#define PERF_MAP_NONE    \
	{                \
		.fd = -1 \
	}

/*
 * The name of the code at @address of process @pid, or NULL. Reads what was added to the file since, if .next_ns
 * allows it: for a fiftieth of the time. The file is taken from the process's own /tmp, by its pid there, and only if
 * it is a regular file of the process's user or root. Names are valid until the next call and not safe to print.
 * *@start, unless NULL: where that code begins.
 */
const char *perf_map__at(struct perf_map *m, pid_t pid, uint64_t address, uint64_t *start);

/* Read what was added to the file .fd. Returns 0 or -ENOMEM. */
int perf_map__read(struct perf_map *m);

void perf_map__free(struct perf_map *m);

#endif /* TARE_PERF_MAP_H */
