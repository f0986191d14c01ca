/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sampled allocations of the targets: written as they are when the recording begins, and as they were last. A
 * process may end at any time, and nothing can be read from it then: so each is read again and again, and the last
 * reading kept.
 */
#ifndef TARE_HEAP_READER_H
#define TARE_HEAP_READER_H

#include "runtimes.h"
#include "stacks.h"
#include "writer.h"

/* The last reading of a process. */
struct heap_kept {
	uint32_t pid;
	uint64_t program_ns; /* when its program began: another one is another heap */
	uint64_t next_ns;    /* it is read again then, or .. */
	uint64_t soon_ns; /* .. from here on, if it has grown: at its memory's limit it may be killed at any moment */
	uint64_t step_ns, pages;
	bool seen;		 /* there still */
	bool refuses;		 /* it keeps no such account: it is not asked again */
	bool unwritten;		 /* what is kept has not been written */
	uint64_t written_cycles; /* .head.cycles of what was written last, plus 1; 0: nothing was */
	struct tare_heap head;
	struct tare_heap_stack *stacks;
	size_t room;
};

/* Zero-initialise. */
struct heap_reader {
	struct heap_kept *all; /* by pid */
	size_t nr, room;
	uint64_t next_ns;
};

/* What it reads from and writes to. */
struct heap_sources {
	struct runtimes *runtimes;
	struct stacks *stacks;
	struct writer *writer;
};

/* The recording begins: write the heaps of all that are there. */
void heap_reader__begin(struct heap_reader *h, const struct heap_sources *from, uint64_t now);

/* Read, if it is time; write what is kept of those that have ended. */
void heap_reader__tick(struct heap_reader *h, const struct heap_sources *from, uint64_t now);

/* Write what is kept, where the runtime has published more since the last time. */
void heap_reader__mark(struct heap_reader *h, struct writer *w);

/* Read all that are left and write them. */
void heap_reader__write(struct heap_reader *h, const struct heap_sources *from, uint64_t now);

void heap_reader__free(struct heap_reader *h);

#endif /* TARE_HEAP_READER_H */
