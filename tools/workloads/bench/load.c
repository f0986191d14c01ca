// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "http.h"
#include "load.h"
#include "result.h"

#define EVENTS 64
#define SEED   1

struct connection {
	int fd;
	uint64_t seed;
	int64_t due_ns, sent_ns; /* sent_ns 0: no request is under way */
	size_t len;
	char buf[HTTP_MOST_BYTES];
	struct connection *next; /* of the idle ones */
};

struct run {
	struct load *load;
	struct connection *all, *idle, **idle_end;
	int open, epoll, timer;
	uint64_t sent, random;
	int64_t due_ns; /* of the next one to be sent */
};

/* Everyone waits their turn, so that all connections are used */
static void run__idle(struct run *r, struct connection *c)
{
	c->next = NULL;
	c->sent_ns = 0;
	*r->idle_end = c;
	r->idle_end = &c->next;
}

static void run__next_due(struct run *r)
{
	double u = ((scenario__random(&r->random) >> 11) + 1) * 0x1p-53;

	r->due_ns += -log(u) / r->load->rate * 1e9;
}

static void run__lost(struct run *r, struct connection *c)
{
	if (c->sent_ns)
		r->load->errors++;
	close(c->fd);
	c->fd = -1;
	r->open--;
}

static void run__send(struct run *r, int64_t now_ns)
{
	struct connection *c = r->idle;
	char buf[HTTP_MOST_BYTES];
	size_t len;

	r->idle = c->next;
	if (!r->idle)
		r->idle_end = &r->idle;
	c->seed = r->sent++;
	c->due_ns = r->due_ns;
	c->sent_ns = now_ns;
	len = http__request(buf, sizeof(buf), c->seed);
	run__next_due(r);
	/* nothing else is in the socket's buffer, so it takes all */
	if (send(c->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
		run__lost(r, c);
}

static void run__receive(struct run *r, struct connection *c)
{
	struct load *l = r->load;
	ssize_t n = recv(c->fd, c->buf + c->len, sizeof(c->buf) - c->len, MSG_DONTWAIT);
	uint64_t sum = 0;
	int status = 0;
	int64_t now_ns;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	now_ns = scenario__now_ns();
	if (n <= 0 || !c->sent_ns) {
		run__lost(r, c);
		/* an idle connection that the server closed must not be used */
		if (!c->sent_ns)
			scenario__die("the server ended a connection that nobody had asked it to end");
		return;
	}
	c->len += n;
	n = http__answer(c->buf, c->len, &status, &sum);
	if (!n)
		return;
	if (n < 0 || (size_t)n != c->len) {
		run__lost(r, c);
		return;
	}
	c->len = 0;
	if (status == 200 && sum == http__expected(l->block_bytes, c->seed)) {
		l->answered++;
		histogram__add(&l->latency, now_ns - c->due_ns);
		histogram__add(&l->service, now_ns - c->sent_ns);
	} else {
		l->errors++;
	}
	run__idle(r, c);
}

/* Sleeps until the next request is due, if there is a connection for it, or something comes, or a second is over */
static void run__wait(struct run *r)
{
	struct itimerspec when = { .it_value = { r->due_ns / 1000000000, r->due_ns % 1000000000 } };
	static const struct itimerspec off;
	struct epoll_event events[EVENTS];
	bool due = r->idle && r->sent < r->load->n;
	int n;

	timerfd_settime(r->timer, TFD_TIMER_ABSTIME, due ? &when : &off, NULL);
	n = epoll_wait(r->epoll, events, EVENTS, 1000);
	for (int i = 0; i < n; i++) {
		struct connection *c = events[i].data.ptr;

		if (c) /* the timer needs no read: setting it anew clears it */
			run__receive(r, c);
	}
}

static void run__add(struct run *r, int fd, void *ptr)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = ptr };

	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event))
		scenario__die("epoll_ctl: %s", strerror(errno));
}

static void run__connect(struct run *r, struct connection *c)
{
	struct load *l = r->load;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&l->addr, sizeof(l->addr)))
		scenario__die("connection %d of %d: %s; -j takes fewer", (int)(c - r->all) + 1, l->connections,
			      strerror(errno));
	c->fd = fd;
	r->open++;
	run__add(r, fd, c);
	run__idle(r, c);
}

static void *load__run(void *arg)
{
	struct run r = { .load = arg, .random = SEED };
	struct load *l = arg;
	int64_t start_ns, now_ns, last_due_ns;

	pthread_setname_np(pthread_self(), "load");
	r.idle_end = &r.idle;
	r.all = calloc(l->connections, sizeof(*r.all));
	r.epoll = epoll_create1(EPOLL_CLOEXEC);
	r.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!r.all || r.epoll < 0 || r.timer < 0)
		scenario__die("the load cannot be set up: %s", strerror(errno));
	run__add(&r, r.timer, NULL);
	for (int i = 0; i < l->connections; i++)
		run__connect(&r, &r.all[i]);
	r.due_ns = last_due_ns = start_ns = now_ns = scenario__now_ns();
	run__next_due(&r);
	while (l->answered + l->errors < l->n && r.open && now_ns < last_due_ns + LOAD_GRACE_NS) {
		run__wait(&r);
		now_ns = scenario__now_ns();
		while (r.idle && r.sent < l->n && r.due_ns <= now_ns) {
			last_due_ns = now_ns;
			run__send(&r, now_ns);
		}
	}
	l->elapsed_ns = scenario__now_ns() - start_ns;
	l->errors = l->n - l->answered;
	for (int i = 0; i < l->connections; i++)
		if (r.all[i].fd >= 0)
			close(r.all[i].fd);
	close(r.timer);
	close(r.epoll);
	free(r.all);
	return NULL;
}

struct load *load__start(const struct sockaddr_in *addr, const struct options *options)
{
	double n = options->rate * options->duration_ns / 1e9;
	struct load *l = calloc(1, sizeof(*l));
	struct rlimit files;
	int err;

	if (!l)
		scenario__die("no memory for the load");
	l->addr = *addr;
	l->connections = options->tasks;
	l->rate = options->rate;
	l->duration_ns = options->duration_ns;
	l->block_bytes = options->block_bytes;
	l->n = n < 1 ? 1 : n;
	/* two sockets for each connection */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	err = pthread_create(&l->thread, NULL, load__run, l);
	if (err)
		scenario__die("the load's thread cannot start: %s", strerror(err));
	return l;
}

void load__wait(struct load *l)
{
	pthread_join(l->thread, NULL);
}

int load__report(struct load *l)
{
	int code;

	result__int("n", l->n);
	result__int("duration_ns", l->duration_ns);
	result__int("elapsed_ns", l->elapsed_ns);
	result__int("connections", l->connections);
	result__real("rate_per_s", l->rate);
	result__int("block_bytes", l->block_bytes);
	result__int("answered", l->answered);
	result__int("errors", l->errors);
	histogram__print(&l->latency, "latency");
	histogram__print(&l->service, "service");
	result__memory();
	code = result__end();
	code = l->errors ? 1 : code;
	free(l);
	return code;
}
