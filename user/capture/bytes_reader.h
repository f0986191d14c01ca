/* SPDX-License-Identifier: BSD-2-Clause */
/* The ledger of bytes: what the targets' resident memory consists of, read every second or as often as it may cost. */
#ifndef TARE_BYTES_READER_H
#define TARE_BYTES_READER_H

#include "runtimes.h"
#include "writer.h"

/* Zero-initialise. */
struct bytes_reader {
	struct pids round; /* the processes of the current round */
	size_t at;	   /* those before were read */
	uint64_t next_ns, round_ns, step_ns;
};

/* Read, if it is time; the time it takes goes to the process that is read, for its page tables are locked meanwhile. */
void bytes_reader__tick(struct bytes_reader *b, struct runtimes *r, struct writer *w, uint64_t now);

/* Read all that are left, at the recording's end. */
void bytes_reader__last(struct bytes_reader *b, struct runtimes *r, struct writer *w);

void bytes_reader__free(struct bytes_reader *b);

/* Read process @pid now. @runtimes NULL: it has no runtime that tells. Returns 0 or a negative errno. */
int bytes_reader__one(pid_t pid, struct runtimes *runtimes, struct tare_bytes *to);

#endif /* TARE_BYTES_READER_H */
