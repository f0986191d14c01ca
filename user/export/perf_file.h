/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container of perf.data in file mode: tools/perf/Documentation/perf.data-file-format.txt, Linux 6.1. Records come
 * first, what describes them after them; the header is written last, at the beginning. So a reader finds nothing in a
 * file that was not closed.
 */
#ifndef TARE_PERF_FILE_H
#define TARE_PERF_FILE_H

#include "export.h"
#include "mappings.h"
#include "perf_kinds.h"

#define PERF_RECORD_MAX 65528 /* a record's length has 16 bits, and is a multiple of 8 */

/* A record in the making. What does not fit is left out, and the record not written. */
struct perf_record {
	uint32_t len;
	bool too_long;
	uint8_t data[PERF_RECORD_MAX];
};

/* Begin a record of enum perf_event_type @type with PERF_RECORD_MISC_* @misc. */
void perf_record__begin(struct perf_record *r, uint32_t type, uint16_t misc);
void perf_record__put(struct perf_record *r, const void *data, size_t len);
void perf_record__u32(struct perf_record *r, uint32_t n);
void perf_record__u64(struct perf_record *r, uint64_t n);
/* @len bytes of text, terminated and padded to a multiple of 8. */
void perf_record__text(struct perf_record *r, const char *text, size_t len);
/* What all records but samples end with; see sample_id_all in perf_event_open(2). */
void perf_record__id(struct perf_record *r, uint32_t pid, uint32_t tid, uint64_t ts_ns, uint32_t cpu);
/* Set its length. Returns false if it must not be written. */
bool perf_record__end(struct perf_record *r);

/* The identifier of samples of @kind, and of records that are of no event. */
uint64_t perf_file__id(unsigned kind);
/* What a sample of @kind consists of: PERF_SAMPLE_*. */
uint64_t perf_file__sample_type(unsigned kind);

struct perf_file {
	FILE *to;
	long begin, data; /* where the file and its records begin */
};

/* Leave room for the header. Returns 0, or -ESPIPE if @to cannot go back. */
int perf_file__begin(struct perf_file *f, FILE *to);

/*
 * All records are written: write the rest, of a recording with events from @first_ns to @last_ns. Returns 0 or a
 * negative errno.
 */
int perf_file__end(struct perf_file *f, const struct export_opts *opts, const struct mappings *mappings,
		   uint64_t first_ns, uint64_t last_ns);

#endif /* TARE_PERF_FILE_H */
