// SPDX-License-Identifier: BSD-2-Clause
/*
 * serve: an HTTP server for load-bench, one thread with epoll; memory of each request is freed before it is answered.
 * Says its port in a first line, and its result when it is told to end by SIGTERM. Mode "slow" stands still for 50 ms
 * at each 100th request: whoever measures latency must see that.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http.h"
#include "listen.h"
#include "native.h"

#define EVENTS	   64
#define TOUCH	   4096 /* a page */
#define SLOW_EVERY 100
#define SLOW_NS	   50000000

struct server {
	const struct options *options;
	int listener, epoll;
	int64_t requests;
	struct span span; /* from the first request to the last answer */
};

struct client {
	struct server *server;
	int fd;
	size_t len;
	char buf[HTTP_MOST_BYTES];
};

static volatile sig_atomic_t over;

static void end(int sig)
{
	over = 1;
}

/* Nothing else is in the socket's buffer, so it takes all */
static ssize_t client__write(void *arg, const void *buf, size_t len)
{
	ssize_t n = send(((struct client *)arg)->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 ? -errno : n == (ssize_t)len ? n : -EIO;
}

/* A word in each page is written, and they are added up */
static uint64_t client__work(void *arg, uint64_t seed)
{
	struct server *s = ((struct client *)arg)->server;
	size_t bytes = s->options->block_bytes;
	char *memory = native__alloc(bytes);
	uint64_t sum = 0;

	for (size_t at = 0; at + sizeof(sum) <= bytes; at += TOUCH)
		*(uint64_t *)(memory + at) = seed + at;
	scenario__keep(memory);
	for (size_t at = 0; at + sizeof(sum) <= bytes; at += TOUCH)
		sum += *(uint64_t *)(memory + at);
	free(memory);
	if (++s->requests % SLOW_EVERY == 0 && s->options->mode)
		native__sleep(SLOW_NS);
	return sum;
}

static void client__ready(struct client *c)
{
	struct http_stream stream = { c, NULL, client__write, client__work };
	struct server *s = c->server;
	ssize_t n = recv(c->fd, c->buf + c->len, sizeof(c->buf) - c->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (!s->span.begin_ns)
		s->span.begin_ns = scenario__now_ns();
	c->len += n > 0 ? n : 0;
	/* what goes wrong here is seen by the client, which counts it */
	if (n <= 0 || http__serve_buffered(&stream, c->buf, &c->len) <= 0) {
		close(c->fd);
		free(c);
	}
	s->span.end_ns = scenario__now_ns();
}

static void watch(struct server *s, int fd, struct client *client)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };

	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event))
		scenario__die("serve: epoll_ctl: %s", strerror(errno));
}

static void accept_one(struct server *s)
{
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	struct client *c;

	if (fd < 0 && (errno == EINTR || errno == ECONNABORTED || errno == EAGAIN))
		return;
	if (fd < 0)
		scenario__die("serve: accepting a connection: %s", strerror(errno));
	c = native__alloc(sizeof(*c));
	c->server = s;
	c->fd = fd;
	c->len = 0;
	watch(s, fd, c);
}

/* SIGTERM comes only while it waits, so that none is missed */
static void serve(struct server *s)
{
	struct sigaction action = { .sa_handler = end };
	struct epoll_event events[EVENTS];
	sigset_t term, waiting;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &waiting);
	sigdelset(&waiting, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	while (!over) {
		int n = epoll_pwait(s->epoll, events, EVENTS, -1, &waiting);

		if (n < 0 && errno != EINTR)
			scenario__die("serve: epoll_pwait: %s", strerror(errno));
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				client__ready(events[i].data.ptr);
			else
				accept_one(s);
		}
	}
}

int run_serve(const struct options *options)
{
	struct server s = { .options = options, .listener = native__listen(), .epoll = epoll_create1(EPOLL_CLOEXEC) };
	struct rlimit files;

	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	watch(&s, s.listener, NULL);
	printf("{\"port\":%d}\n", ntohs(native__address(s.listener).sin_port));
	fflush(stdout);
	serve(&s);
	result__begin(SCENARIO_serve, options);
	result__int("n", s.requests);
	result__int("block_bytes", options->block_bytes);
	if (s.requests)
		result__elapsed(&s.span, s.requests);
	else
		result__null("elapsed_ns");
	result__memory();
	return result__end();
}
