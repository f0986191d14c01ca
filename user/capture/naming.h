/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses are named by a process of its own: debug information takes seconds to read, and libdw trusts it, so a
 * hostile or damaged file may crash or hang whoever reads it. Asking and taking answers never blocks the recorder, and
 * the end of that process costs names, nothing else.
 */
#ifndef TARE_NAMING_H
#define TARE_NAMING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "debug_file.h"
#include "symbolizer.h"

struct naming_answer {
	struct symbol_wanted wanted; /* what was asked */
	uint64_t known_ns;	     /* as symbolizer__at() has it */
	uint32_t type;	/* enum tare_frame_type of the payload: SYMBOLS, or MODULES that nobody asked for */
	uint32_t bytes; /* of the payload; 0: it has no name, or nobody could be asked */
	uint64_t again; /* 1: it may have one later */
};

/* The payload may be changed. */
typedef void naming_fn(const struct naming_answer *answer, void *payload, void *ctx);

struct naming {
	pid_t pid; /* 0: there is no such process (any more) */
	int fd;
	struct symbol_wanted *asks; /* ring of those not answered, the oldest first; .sent of them are on their way */
	size_t first, nr, sent, room;
	size_t sent_bytes; /* of the one being sent */
	unsigned char *in;
	size_t in_bytes, in_room;
	uint64_t heard_ns; /* the last sign of life, while it has something to do */
	uint64_t cpu_ns;   /* of the process, once it has ended */
	uint64_t unnamed;  /* asks given up at the end */
};

/* Start the process. Without it all asks are answered by nothing. Says so if that fails. */
void naming__begin(struct naming *n, const struct debug_places *places);

/* Ask. Returns 0 or -ENOMEM. */
int naming__ask(struct naming *n, const struct symbol_wanted *ask);

/* Pass on what was asked and call @fn for what was answered since the last call; waits @wait_ns at most for all. */
void naming__collect(struct naming *n, uint64_t wait_ns, naming_fn *fn, void *ctx);

/* End the process. */
void naming__end(struct naming *n);

#endif /* TARE_NAMING_H */
