/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An open-loop load for the scenario server: requests are due at times drawn beforehand (independent users:
 * exponential gaps, the same in each run), whether or not earlier ones were answered. One that is due while all
 * connections are busy waits for one, and its latency counts from when it was due: a server that stands still for a
 * while is charged for everybody who would have come meanwhile. It is one thread that belongs to no runtime, and so
 * keeps time while that stops.
 */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>
#include <pthread.h>

#include "histogram.h"
#include "scenario.h"

struct load {
	struct sockaddr_in addr;
	int connections;
	double rate;
	int64_t duration_ns;
	uint64_t n;	    /* requests in all */
	size_t block_bytes; /* for knowing what is to be answered */
	pthread_t thread;
	/* the result, after load__wait() */
	uint64_t answered, errors; /* errors: wrong answers, and none within LOAD_GRACE_NS of the end */
	int64_t elapsed_ns;
	struct histogram latency; /* from when it was due */
	struct histogram service; /* from when it was sent: what a closed loop would tell */
};
#define LOAD_GRACE_NS 30000000000ll

/* Starts it on a listening address. Ends the process with a message where it cannot. */
struct load *load__start(const struct sockaddr_in *addr, const struct options *options);
void load__wait(struct load *load); /* all sockets closed. Blocks the thread */
/* Prints the result, which has begun, to its end, and frees the load. Exit code: 1 where there were errors too */
int load__report(struct load *load);

#endif
