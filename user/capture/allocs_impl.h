/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two parts of allocs.h share: which allocators there are (alloc_places.c), and the bursts (allocs.c). */
#ifndef TARE_CAPTURE_ALLOCS_IMPL_H
#define TARE_CAPTURE_ALLOCS_IMPL_H

#include <pthread.h>

#include "allocators.h"
#include "allocs.h"
#include "instance.h"
#include "table.h"

/* The allocators in one file: examined once, however many processes use it. */
struct alloc_kind {
	struct allocators found;
};

/* One file of one process. */
struct alloc_place {
	pid_t pid;
	uint64_t since_ns; /* of its program */
	struct file_id file;
	int fd;
	uint64_t *offsets, *cookies;
	uint32_t nr;
	int link;  /* -1: not attached */
	bool said; /* that there is no room for its probes */
};

/* A process whose code is looked at. */
struct alloc_looked {
	pid_t pid;
	uint64_t since_ns, next_ns, step_ns;
	bool seen;
};

struct allocs {
	struct bpf *bpf;
	bool always;
	struct alloc_burst *burst; /* shared with BPF */
	struct alloc_paces paces;
	uint32_t number;     /* of the last burst */
	uint64_t trap_ns[2]; /* what getting into a probe takes, and out of it: emulated, and stepped over */
	pthread_t thread;
	unsigned seed;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	bool stop;
	struct alloc_place *places;
	size_t nr, room;
	struct tare_alloc_burst *told; /* to be written; the last burst's once it is known what that stands for */
	size_t nr_told, room_told, nr_covered;
	uint64_t begin_ns, covered_ns; /* when the last burst began, and up to when those before it stand for all */
	bool in_vain;		       /* the last burst was over before anything counted */
	double share_of_files;	       /* in the last burst: how many there are for each that was attached to */

	/* the session's thread's only */
	struct table by_place; /* those of .places: it alone adds and removes them */
	struct table by_file;  /* to an index of .kinds */
	struct table by_pid;   /* to an index of .looked */
	struct alloc_kind *kinds;
	size_t nr_kinds, room_kinds;
	struct alloc_looked *looked;
	size_t nr_looked, room_looked;
};

void alloc_place__free(struct alloc_place *p);
void alloc_places__init(struct allocs *a);
void alloc_places__free(struct allocs *a);

#endif /* TARE_CAPTURE_ALLOCS_IMPL_H */
