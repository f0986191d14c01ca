// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "drive.h"
#include "http.h"

#define EVENTS 64
#define SEED   1

struct connection {
	int fd;
	uint64_t seed;
	int64_t due_ns, sent_ns; /* sent_ns 0: no request is under way */
	int64_t free_ns;	 /* since when */
	size_t len;
	char buf[HTTP_MOST_BYTES];
	struct connection *next; /* of the idle ones */
};

struct drive {
	struct drive_http http;
	struct connection *all, *idle, **idle_end;
	int connections, open, busy, epoll, timer;
	/* of a run */
	const struct drive_load *load;
	struct drive_result *result;
	uint64_t sent, random;
	double due_after_ns; /* of the next one to be sent, after the begin */
};

static int64_t drive__due_ns(const struct drive *d)
{
	return d->result->span.begin_ns + (int64_t)d->due_after_ns;
}

/* Is there anything more to send, if anybody could? */
static bool drive__more(const struct drive *d, int64_t now_ns)
{
	if (d->load->rate)
		return d->sent < d->result->n;
	return now_ns < d->result->span.end_ns;
}

static void drive__next_due(struct drive *d)
{
	double u = ((scenario__random(&d->random) >> 11) + 1) * 0x1p-53;

	if (d->load->rate)
		d->due_after_ns += (d->load->even ? 1 : -log(u)) / d->load->rate * 1e9;
}

/* Everyone waits their turn, so that all connections are used */
static void drive__idle(struct drive *d, struct connection *c)
{
	c->next = NULL;
	c->sent_ns = 0;
	*d->idle_end = c;
	d->idle_end = &c->next;
}

static void drive__lost(struct drive *d, struct connection *c)
{
	struct connection **at = &d->idle;

	if (c->sent_ns) {
		d->busy--;
		d->result->errors++;
	} else {
		while (*at != c)
			at = &(*at)->next;
		*at = c->next;
		if (d->idle_end == &c->next)
			d->idle_end = at;
	}
	close(c->fd);
	c->fd = -1;
	d->open--;
}

static void drive__send(struct drive *d, int64_t now_ns)
{
	struct connection *c = d->idle;
	char buf[HTTP_MOST_BYTES];
	size_t len;

	d->idle = c->next;
	if (!d->idle)
		d->idle_end = &d->idle;
	d->busy++;
	c->seed = d->sent++;
	c->due_ns = d->load->rate ? drive__due_ns(d) : c->free_ns;
	c->sent_ns = now_ns;
	histogram__add(&d->result->late, now_ns - (c->due_ns > c->free_ns ? c->due_ns : c->free_ns));
	len = d->http.request(buf, sizeof(buf), c->seed);
	drive__next_due(d);
	/* nothing else is in the socket's buffer, so it takes all */
	if (send(c->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
		drive__lost(d, c);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* As recv(), and when the last byte came. The kernel tells that by the time of day, which may jump: by that clock it is
 * only asked how long ago it was. */
static ssize_t receive(struct connection *c, int64_t *came_ns)
{
	union {
		char buf[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	struct iovec to = { c->buf + c->len, sizeof(c->buf) - c->len };
	struct msghdr msg = {
		.msg_iov = &to, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof(control.buf)
	};
	ssize_t n = recvmsg(c->fd, &msg, MSG_DONTWAIT);
	int64_t now_ns = scenario__now_ns(), ago_ns = 0;
	struct timespec ts;

	for (struct cmsghdr *m = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL; m; m = CMSG_NXTHDR(&msg, m))
		if (m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(m), sizeof(ts));
			ago_ns = clock_ns(CLOCK_REALTIME) - (int64_t)ts.tv_sec * 1000000000 - ts.tv_nsec;
		}
	*came_ns = ago_ns > 0 && now_ns - ago_ns > c->sent_ns ? now_ns - ago_ns : now_ns;
	return n;
}

static void drive__receive(struct drive *d, struct connection *c)
{
	struct drive_result *r = d->result;
	uint64_t sum = 0;
	int status = 0;
	int64_t came_ns;
	ssize_t n = receive(c, &came_ns);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	c->len += n > 0 ? n : 0;
	n = n > 0 && c->sent_ns ? http__answer(c->buf, c->len, &status, &sum) : -EPROTO;
	if (!n)
		return;
	if (n < 0 || (size_t)n != c->len) {
		drive__lost(d, c);
		return;
	}
	c->len = 0;
	d->busy--;
	if (!d->http.right(d->http.arg, status, sum, c->seed)) {
		r->errors++;
	} else if (d->load->rate || came_ns <= r->span.end_ns) {
		r->answered++;
		if (came_ns - c->due_ns > r->slowest.end_ns - r->slowest.begin_ns)
			r->slowest = (struct span){ c->due_ns, came_ns };
		histogram__add(&r->latency, came_ns - c->due_ns);
		histogram__add(&r->service, came_ns - c->sent_ns);
	}
	c->free_ns = came_ns;
	drive__idle(d, c);
}

/* Sleeps until the next request is due, if there is a connection for it, or something comes, or a second is over */
static void drive__wait(struct drive *d, bool due)
{
	int64_t due_ns = drive__due_ns(d);
	struct itimerspec when = { .it_value = { due_ns / 1000000000, due_ns % 1000000000 } };
	static const struct itimerspec off;
	struct epoll_event events[EVENTS];
	int n;

	timerfd_settime(d->timer, TFD_TIMER_ABSTIME, due ? &when : &off, NULL);
	n = epoll_wait(d->epoll, events, EVENTS, 1000);
	for (int i = 0; i < n; i++) {
		struct connection *c = events[i].data.ptr;

		if (c) /* the timer needs no read: setting it anew clears it */
			drive__receive(d, c);
	}
}

/* Who was not answered is given up */
static void drive__give_up(struct drive *d)
{
	for (int i = 0; i < d->connections; i++)
		if (d->all[i].fd >= 0 && d->all[i].sent_ns)
			drive__lost(d, &d->all[i]);
}

int drive__run(struct drive *d, const struct drive_load *load, struct drive_result *r)
{
	double n = load->rate * load->duration_ns / 1e9 + 1e-6; /* 0.1 s of 30 a second are 3 */
	int64_t now_ns, wait_until_ns, cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	memset(r, 0, sizeof(*r));
	d->load = load;
	d->result = r;
	d->sent = d->due_after_ns = 0;
	d->random = SEED;
	r->n = n < 1 ? 1 : n;
	r->span.begin_ns = now_ns = scenario__now_ns();
	r->span.end_ns = r->span.begin_ns + load->duration_ns;
	for (int i = 0; i < d->connections; i++)
		d->all[i].free_ns = now_ns;
	drive__next_due(d);
	wait_until_ns = drive__due_ns(d) + DRIVE_GRACE_NS;
	while (d->open && (drive__more(d, now_ns) || d->busy) && now_ns < wait_until_ns) {
		while (d->idle && drive__more(d, now_ns) && drive__due_ns(d) <= now_ns) {
			drive__send(d, now_ns);
			/* for the answer, and for the next one's time to come */
			wait_until_ns = (drive__due_ns(d) > now_ns ? drive__due_ns(d) : now_ns) + DRIVE_GRACE_NS;
		}
		drive__wait(d, d->idle && drive__more(d, now_ns));
		now_ns = scenario__now_ns();
	}
	drive__give_up(d);
	r->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	if (load->rate) {
		r->span.end_ns = now_ns;
		r->errors = r->n - r->answered; /* also what could not be sent at all */
	} else {
		r->n = d->sent;
	}
	return d->open;
}

static void drive__watch(struct drive *d, int fd, void *ptr)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = ptr };

	if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event))
		scenario__die("epoll_ctl: %s", strerror(errno));
}

static void drive__connect_one(struct drive *d, struct connection *c, const struct sockaddr_in *addr)
{
	static const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		scenario__die("connection %d of %d: %s; -j takes fewer", (int)(c - d->all) + 1, d->connections,
			      strerror(errno));
	/* without it, an answer has come when it is read */
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	c->fd = fd;
	d->open++;
	drive__watch(d, fd, c);
	drive__idle(d, c);
}

struct drive *drive__connect(const struct sockaddr_in *addr, int connections, const struct drive_http *http)
{
	struct drive *d = calloc(1, sizeof(*d));
	struct rlimit files;

	if (d)
		d->all = calloc(connections, sizeof(*d->all));
	if (!d || !d->all)
		scenario__die("no memory for %d connections", connections);
	/* two sockets for each connection, where the server is in the same process */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	d->http = *http;
	d->connections = connections;
	d->idle_end = &d->idle;
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	d->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->epoll < 0 || d->timer < 0)
		scenario__die("the load cannot be set up: %s", strerror(errno));
	drive__watch(d, d->timer, NULL);
	for (int i = 0; i < connections; i++)
		drive__connect_one(d, &d->all[i], addr);
	return d;
}

void drive__close(struct drive *d)
{
	for (int i = 0; i < d->connections; i++)
		if (d->all[i].fd >= 0)
			close(d->all[i].fd);
	close(d->timer);
	close(d->epoll);
	free(d->all);
	free(d);
}
