// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "listen.h"
#include "native.h"

#define BACKLOG 4096

int native__listen(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) || listen(fd, BACKLOG))
		scenario__die("listening on 127.0.0.1: %s", strerror(errno));
	return fd;
}

struct sockaddr_in native__address(int fd)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len))
		scenario__die("getsockname: %s", strerror(errno));
	return addr;
}
