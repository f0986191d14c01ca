/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The load of the scenario server, whose client and server are in one process. It is one thread that belongs to no
 * runtime, and so keeps time while that stops.
 */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>

#include "scenario.h"

/* Starts it on a listening address. Ends the process with a message where it cannot. */
struct load *load__start(const struct sockaddr_in *addr, const struct options *options);
void load__wait(struct load *load); /* all sockets closed. Blocks the thread */
/* Prints the result, which has begun, to its end, and frees the load. Exit code: 1 where there were errors too */
int load__report(struct load *load);

#endif
