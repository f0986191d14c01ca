/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What makes a thread late, in processes and threads of its own: they share `world` with the program that they are to
 * disturb, sleep until they are poked, and write down when they did what. Times are CLOCK_MONOTONIC in ns.
 */
#ifndef ANTAGONIST_H
#define ANTAGONIST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_STRETCHES  65536
#define STRETCH_GAP_NS 30000 /* whose clock stands still for longer has not had the CPU */

/* of all that is shared between processes */
struct world {
	_Atomic int in_it;		      /* the fault has begun: stop the world now */
	_Atomic int running;		      /* the antagonist does what it is for */
	_Atomic int enough;		      /* it shall cease */
	_Atomic int thread;		      /* the antagonist, where it is one of the program */
	_Atomic int armed;		      /* the next fault is the one to be late */
	_Atomic int64_t start_ns;	      /* it began at the latest then .. */
	_Atomic int64_t end_lo_ns, end_hi_ns; /* .. and ended between these */
	_Atomic int n_stretches;
	struct stretch {
		int64_t start_ns, end_ns;
	} stretches[MAX_STRETCHES]; /* when the hog, or interrupts, had the CPU */
};
extern struct world *world;

int64_t now_ns(void);
_Noreturn void die(const char *what);
void pin(pid_t tid, int cpu);	  /* negative: anywhere */
void favour(pid_t tid, bool yes); /* nothing but a hog that is to do so takes the CPU from it */
void sleep_ns(int64_t ns);
void *map_pages(size_t bytes); /* of its own, not there yet */
void world__init(void);
void world__attach(int fd, int poke_fd); /* made by another process: shared memory, and what poke() writes to */

/* For who has made the descriptors himself. */
_Noreturn void antagonist__serve(int fd, int64_t delay_ns);
_Noreturn void antagonist__serve_faults(int uffd, int64_t delay_ns);

/* Started before there are threads; each returns its process's id. poke() lets it act once. */
enum hog_policy { HOG_NICE, HOG_FIFO, HOG_IDLE };
pid_t antagonist__hog(int cpu, enum hog_policy policy, int64_t run_ns, int64_t pause_ns); /* until world->enough */
pid_t antagonist__server(int64_t delay_ns, int *fd); /* answers a byte on *fd with a byte, so much later */
pid_t antagonist__fault_server(int64_t delay_ns, void *pages, size_t bytes); /* of the first fault in these */
pid_t antagonist__populate(int cpu, size_t bytes, bool own_memory);	     /* holds the memory map's lock meanwhile */
void antagonist__poke(void);

/* For a further one: it shall do it again, until nobody is left who pokes. 0: this is the child; it goes with its
 * parent. */
bool antagonist__poked(void);
pid_t antagonist__child(const char *name);

#endif /* ANTAGONIST_H */
