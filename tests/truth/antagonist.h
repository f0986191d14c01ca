/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What makes a thread late, in separate processes and threads: they share `world` with the program that they disturb,
 * sleep until poked, and write down what they did and when. Times are CLOCK_MONOTONIC in ns.
 */
#ifndef ANTAGONIST_H
#define ANTAGONIST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_STRETCHES  65536
#define STRETCH_GAP_NS 30000 /* a clock that stands still for longer has not had the CPU */

/* everything shared between processes */
struct world {
	_Atomic int in_it;		      /* the fault has begun: stop the world now */
	_Atomic int running;		      /* the antagonist is doing its work */
	_Atomic int enough;		      /* it should stop */
	_Atomic int thread;		      /* the antagonist, if it is a thread of the program */
	_Atomic int armed;		      /* the next fault is to be late */
	_Atomic int64_t start_ns;	      /* it began no later than this */
	_Atomic int64_t end_lo_ns, end_hi_ns; /* it ended between these */
	_Atomic int n_stretches;
	struct stretch {
		int64_t start_ns, end_ns;
	} stretches[MAX_STRETCHES]; /* when the hog, or interrupts, had the CPU */
};
extern struct world *world;

int64_t now_ns(void);
_Noreturn void die(const char *what);
void pin(pid_t tid, int cpu);	  /* negative: any */
void favour(pid_t tid, bool yes); /* only a hog meant to may take the CPU from it */
void sleep_ns(int64_t ns);
void *map_pages(size_t bytes); /* private, not populated yet */
void world__init(void);
void world__attach(int fd, int poke_fd); /* made by another process: shared memory, and where poke() writes */

/* For a process that made the descriptors itself. */
_Noreturn void antagonist__serve(int fd, int64_t delay_ns);
_Noreturn void antagonist__serve_faults(int uffd, int64_t delay_ns);

/* Start these before there are threads; each returns its process id. poke() makes it act once. */
enum hog_policy { HOG_NICE, HOG_FIFO, HOG_IDLE };
pid_t antagonist__hog(int cpu, enum hog_policy policy, int64_t run_ns, int64_t pause_ns); /* until world->enough */
pid_t antagonist__server(int64_t delay_ns, int *fd); /* answers a byte on *fd with a byte, after that delay */
pid_t antagonist__fault_server(int64_t delay_ns, void *pages, size_t bytes); /* serves the first fault in these */
pid_t antagonist__populate(int cpu, size_t bytes, bool own_memory);	     /* holds the mmap lock meanwhile */
void antagonist__poke(void);

/*
 * For another antagonist: wait until it should act again, until no poker is left. 0: this is the child; it dies with
 * its parent.
 */
bool antagonist__poked(void);
pid_t antagonist__child(const char *name);

#endif /* ANTAGONIST_H */
