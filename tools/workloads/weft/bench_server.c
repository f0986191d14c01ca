// SPDX-License-Identifier: BSD-2-Clause
/*
 * server: HTTP on loopback, a goroutine for each connection, memory allocated for each request and left to the
 * collector. The load comes from a thread that is not weft's.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "http.h"
#include "load.h"

struct client {
	struct weft_sock *sock;
	size_t bytes;
};

static struct weft_waitgroup done;

static ssize_t client__read(void *arg, void *buf, size_t len)
{
	return weft_read(((struct client *)arg)->sock, buf, len);
}

static ssize_t client__write(void *arg, const void *buf, size_t len)
{
	return weft_write(((struct client *)arg)->sock, buf, len);
}

static uint64_t client__work(void *arg, uint64_t seed)
{
	size_t bytes = ((struct client *)arg)->bytes;

	return http__fill(weft_new_bytes(bytes), bytes, seed);
}

static void serve(void *arg)
{
	struct client *c = arg;
	struct http_stream stream = { c, client__read, client__write, client__work };

	/* what goes wrong here is seen by the client, which counts it */
	http__serve(&stream);
	weft_sock_close(c->sock);
	free(c);
	weft_wg_done(&done);
}

static struct weft_sock *listen_on_loopback(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	struct weft_sock *s;
	int err = 0;

	*addr = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	s = weft_listen((struct sockaddr *)addr, sizeof(*addr), &err);
	if (s)
		err = weft_sock_name(s, (struct sockaddr *)addr, &len);
	if (err)
		scenario__die("listening on 127.0.0.1: %s", strerror(-err));
	return s;
}

int run_server(const struct options *options)
{
	struct sockaddr_in addr;
	struct weft_sock *listener = listen_on_loopback(&addr);
	struct load *load = load__start(&addr, options);

	weft_wg_add(&done, options->tasks);
	for (int64_t i = 0; i < options->tasks; i++) {
		struct client *c = calloc(1, sizeof(*c));
		int err = 0;

		if (!c)
			scenario__die("no memory for connection %lld", (long long)i);
		c->bytes = options->block_bytes;
		c->sock = weft_accept(listener, &err);
		if (!c->sock)
			scenario__die("accepting connection %lld: %s", (long long)i, strerror(-err));
		weft_go(serve, c);
	}
	weft_entersyscall();
	load__wait(load);
	weft_exitsyscall();
	weft_wg_wait(&done);
	weft_sock_close(listener);
	result__begin(SCENARIO_server, options);
	return load__report(load);
}
