/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef TARE_GO_EXIT_H
#define TARE_GO_EXIT_H

#include "format.h"

/*
 * Where a Go process's own counters are read from when it ends: pieces of its globals, and what hangs off each P.
 * Addresses are the file's; a hit at .site tells how far from there the program is loaded.
 */
struct exit_piece {
	__u64 address;
	__u32 len; /* at most TARE_MEMORY_MAX; 0: none */
	__u32 pad;
};
struct exit_field {
	__s32 at;
	__u32 len; /* as above */
};
#define MAX_EXIT_PIECES 64
#define MAX_EXIT_FIELDS 4
#define MAX_EXIT_SPANS	136 /* mcache.alloc: each class with and without pointers */
#define MAX_EXIT_PS	1024
struct go_exit {
	__u64 site;
	__u64 allp; /* a slice of pointers; 0: skip the Ps */
	struct exit_piece pieces[MAX_EXIT_PIECES];
	struct exit_field p[MAX_EXIT_FIELDS];
	struct exit_field mcache[MAX_EXIT_FIELDS];
	struct exit_field span;
	__s32 p_mcache;
	__s32 spans;	 /* in the mcache: MAX_EXIT_SPANS pointers */
	__s32 span_size; /* in the span: 8 bytes, 0 where the span stands for none */
	__s32 pad;
};

/* The last MEMORY record of an exit holds this instead of memory, and has no address. */
struct exit_end {
	__u64 bias;   /* of the program's addresses to the file's */
	__u64 failed; /* pieces that could not be recorded */
};

#endif /* TARE_GO_EXIT_H */
