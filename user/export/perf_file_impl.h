/* SPDX-License-Identifier: BSD-2-Clause */
/* What perf.data's header and its features have in common. */
#ifndef TARE_PERF_FILE_IMPL_H
#define TARE_PERF_FILE_IMPL_H

#include <errno.h>
#include <linux/perf_event.h>

#include "perf_file.h"

/* Where a part of the file is. struct perf_file_section, tools/perf/util/header.h, Linux 6.1 */
struct section {
	uint64_t offset, size;
};

/* An error shows in ferror(). */
static inline void put(FILE *to, const void *data, size_t len)
{
	if (fwrite(data, 1, len, to) != len && !errno)
		errno = EIO;
}

static inline void put_u32(FILE *to, uint32_t n)
{
	put(to, &n, sizeof(n));
}

static inline void put_u64(FILE *to, uint64_t n)
{
	put(to, &n, sizeof(n));
}

/* What perf would have opened for the events of @kind, which is @k. */
struct perf_event_attr perf_file__attr(unsigned kind, const struct perf_kind *k);

/*
 * perf_features.c: write all features at the end of @f: of a recording with events from @first_ns to @last_ns. Sets
 * their bits in @bits.
 */
void perf_features__put(const struct perf_file *f, const struct export_opts *opts, const struct mappings *mappings,
			uint64_t first_ns, uint64_t last_ns, uint64_t *bits);

#endif /* TARE_PERF_FILE_IMPL_H */
