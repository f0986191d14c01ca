/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger of bytes over the recording: each process's readings, and the sum over those that live. */
#ifndef TARE_BYTES_LEDGER_H
#define TARE_BYTES_LEDGER_H

#include "birth.h"
#include "event.h"

#define BYTES_MAX_PROCESSES (1u << 16) /* further ones are left out */

struct process_bytes {
	uint64_t process; /* see birth.h */
	struct tare_bytes first, last;
	struct tare_bytes peak; /* the reading with the largest .rss, the first one of several */
	uint64_t readings;
	uint64_t gone_ns; /* when its first thread ended; 0: still alive */
};

struct model_bytes {
	const struct births *births; /* set before the first event; NULL: no pid is reused */
	struct process_bytes *processes;
	size_t nr, room, alive;
	struct table by_process; /* to 1 + index */
	struct tare_bytes now;	 /* the sum of the last readings of those alive; .ts_ns and .pid are the last one's */
	struct tare_bytes last;	 /* likewise, before the last of them ended */
	struct tare_bytes peak;	 /* .now when its .rss was largest */
	uint64_t readings, cost_ns;
	uint64_t left_out; /* readings of further processes */
};

void model_bytes__init(struct model_bytes *b, const struct births *births);
void model_bytes__free(struct model_bytes *b);

/* Take EVENT_BYTES. Returns 0 or -ENOMEM. */
int model_bytes__event(struct model_bytes *b, const struct event *ev);

/* The first thread of process @pid ended at @ts_ns. */
void model_bytes__exit(struct model_bytes *b, uint32_t pid, uint64_t ts_ns);

/* Bytes of a reading that no class explains; negative: the classes are more than VmRSS. */
int64_t bytes__unexplained(const struct tare_bytes *b);

/* "heap_live" and "live: found by the last collection". */
const char *bytes__name(enum tare_bytes_class class);
const char *bytes__title(enum tare_bytes_class class);

#endif /* TARE_BYTES_LEDGER_H */
