// SPDX-License-Identifier: BSD-2-Clause
/*
 * server: HTTP on loopback, a thread for each connection, memory of each request freed when it is answered.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "http.h"
#include "listen.h"
#include "load.h"
#include "native.h"

struct client {
	int fd;
	size_t bytes;
};

static ssize_t client__read(void *arg, void *buf, size_t len)
{
	ssize_t n = recv(((struct client *)arg)->fd, buf, len, 0);

	return n < 0 ? -errno : n;
}

static ssize_t client__write(void *arg, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = send(((struct client *)arg)->fd, (const char *)buf + done, len - done, MSG_NOSIGNAL);

		if (n < 0)
			return -errno;
		done += n;
	}
	return done;
}

static uint64_t client__work(void *arg, uint64_t seed)
{
	size_t bytes = ((struct client *)arg)->bytes;
	void *memory = native__alloc(bytes);
	uint64_t sum = http__fill(memory, bytes, seed);

	free(memory);
	return sum;
}

static void *serve(void *arg)
{
	struct client *c = arg;
	struct http_stream stream = { c, client__read, client__write, client__work };

	/* what goes wrong here is seen by the client, which counts it */
	http__serve(&stream);
	close(c->fd);
	return NULL;
}

int run_server(const struct options *options)
{
	struct client *clients = native__alloc_zeroed(options->tasks, sizeof(*clients));
	pthread_t *threads = native__alloc_zeroed(options->tasks, sizeof(*threads));
	int listener = native__listen();
	struct sockaddr_in addr = native__address(listener);
	struct load *load = load__start(&addr, options);

	for (int64_t i = 0; i < options->tasks; i++) {
		clients[i].bytes = options->block_bytes;
		clients[i].fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (clients[i].fd < 0)
			scenario__die("accepting connection %lld: %s", (long long)i, strerror(errno));
		threads[i] = native__thread(serve, &clients[i], 0);
	}
	load__wait(load);
	for (int64_t i = 0; i < options->tasks; i++)
		native__join(threads[i]);
	close(listener);
	free(threads);
	free(clients);
	result__begin(SCENARIO_server, options);
	return load__report(load);
}
