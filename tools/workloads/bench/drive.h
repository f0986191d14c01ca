/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An HTTP client that loads a server, by one thread and epoll.
 *
 * With a rate it is an open loop: requests are due at times known beforehand, whether or not earlier ones were
 * answered. One that is due while all connections are busy waits for one, and its latency counts from when it was due:
 * a server that stands still for a while is charged for everybody who would have come meanwhile. A request is answered
 * when the answer was in the client's socket, by the kernel's clock: how late the client reads it is not charged to the
 * server.
 *
 * Without a rate it is a closed loop: each connection asks again as soon as it is answered, which finds the most that
 * the server can do.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include <netinet/in.h>

#include "histogram.h"
#include "result.h"

struct drive_http {
	size_t (*request)(char *buf, size_t size, uint64_t seed); /* bytes, at most HTTP_MOST_BYTES */
	bool (*right)(void *arg, int status, uint64_t sum, uint64_t seed);
	void *arg;
};

struct drive_load {
	double rate;	     /* a second; 0: a closed loop */
	bool even;	     /* equal gaps; otherwise independent users: exponential ones, the same in each run */
	int64_t duration_ns; /* with a rate: at least one request is sent */
};

struct drive_result {
	struct span span;	  /* until the last answer; of a closed loop: its duration */
	uint64_t n;		  /* requests */
	uint64_t answered;	  /* rightly, in the span */
	uint64_t errors;	  /* wrong answers, lost connections, and none within DRIVE_GRACE_NS of the end */
	int64_t cpu_ns;		  /* the client's own */
	struct histogram latency; /* from when it was due */
	struct span slowest;	  /* of all requests: from when it was due until its answer came */
	struct histogram service; /* from when it was sent: what a closed loop would tell */
	struct histogram late;	  /* the client's own part: it could have sent the request that much earlier */
};
#define DRIVE_GRACE_NS 30000000000ll

/* Ends the process with a message where it cannot connect. */
struct drive *drive__connect(const struct sockaddr_in *addr, int connections, const struct drive_http *http);
/* Blocks until all is answered. Returns how many connections the server has left: those may be used again. */
int drive__run(struct drive *d, const struct drive_load *load, struct drive_result *result);
void drive__close(struct drive *d); /* and frees it */

#endif
