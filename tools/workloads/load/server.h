/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server that load-bench starts as its child: a command whose first line on standard output is {"port":P}, which
 * listens there on 127.0.0.1, and which ends at SIGTERM after a last line, its result as JSON.
 */
#ifndef SERVER_H
#define SERVER_H

#include <netinet/in.h>
#include <sys/types.h>

#include "result.h"

#define SERVER_START_NS 60000000000ll /* until its first line, */
#define SERVER_END_NS	60000000000ll /* and from SIGTERM until it has gone */

/* Each ends the process with a message where it cannot; the server never outlives it. */
void server__start(char **command); /* ends in NULL */
pid_t server__pid(void);
struct sockaddr_in server__address(void); /* waits for the first line */
/* If it has ended, or does so in the next wait_ns, says how, and ends the process */
void server__must_live(int64_t wait_ns);
int64_t server__cpu_ns(void);	  /* of all its threads, until now; its children are not in it */
int64_t server__peak_bytes(void); /* resident; 0: unknown */
/* Its last line, to be freed; NULL, after a message: there was none, or it is no JSON. Returns when it has gone. */
char *server__end(void);

#endif
