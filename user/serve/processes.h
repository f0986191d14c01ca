/* SPDX-License-Identifier: BSD-2-Clause */
/* The living target processes: what each is called, which series it adds to, and what was last read of it. */
#ifndef TARE_SERVE_PROCESSES_H
#define TARE_SERVE_PROCESSES_H

#include "runtime_files.h"
#include "series.h"
#include "table.h"

struct served {
	uint32_t pid;
	struct labels labels;
	struct series *series;
	bool born;	  /* its birth was seen: its counters begin at 0 */
	bool read;	  /* something was read of it in /proc */
	unsigned looks;	  /* since it was found */
	unsigned empty;	  /* looks in a row at which it had no thread */
	unsigned missing; /* looks in a row at which /proc had it no longer */
	struct tare_counters last;
	bool has_last;
	uint64_t minor_faults, major_faults;		 /* as told so far */
	uint64_t ended_minor_faults, ended_major_faults; /* of its threads that have ended */
	/* as of the last look */
	uint64_t threads, heap_bytes, resident_bytes;
	uint64_t open_ns, open_wait_ns, open_throttled_ns;
};

struct processes {
	struct table by_pid;
	struct all_series series;
	struct runtime_files files;
	bool label_pid;
	/* @p goes on in another series than the one that it has now; may be NULL */
	void (*on_leave)(void *ctx, struct served *p);
	void *on_leave_ctx;
};

void processes__init(struct processes *ps, uint32_t limit, bool label_pid);
void processes__free(struct processes *ps);

/* NULL: it is not known. */
struct served *processes__find(const struct processes *ps, uint32_t pid);

/* Process @pid, with what /proc says of it if it is new. NULL if out of memory. */
struct served *processes__get(struct processes *ps, uint32_t pid);

/* Process @pid is born as a copy of @parent, which may be unknown. NULL if out of memory. */
struct served *processes__born(struct processes *ps, uint32_t pid, uint32_t parent);

/* It has another name; @program: and runs another program. */
void processes__renamed(struct processes *ps, struct served *p, const char *comm, bool program);

/* A reading of its runtime's counters. */
void processes__counters(struct processes *ps, const struct tare_counters *c);

/* Read what only /proc tells: resident memory, page faults; now and then its cgroup. Once a second. */
void processes__look(struct processes *ps, struct served *p);

/* It is gone. */
void processes__end(struct processes *ps, struct served *p, uint64_t now_ns);

#endif /* TARE_SERVE_PROCESSES_H */
