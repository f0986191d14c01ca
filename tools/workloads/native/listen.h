/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LISTEN_H
#define LISTEN_H

#include <netinet/in.h>

/* A socket that listens on a free port of 127.0.0.1, and where that is. End the process with a message where they can't
 */
int native__listen(void);
struct sockaddr_in native__address(int fd);

#endif
