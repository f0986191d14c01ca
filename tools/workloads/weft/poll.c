// SPDX-License-Identifier: BSD-2-Clause
/*
 * The network poller on epoll, edge-triggered: readiness is noted in the socket until somebody uses it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "poll.h"

#define EVENTS	      128
#define NOBODY	      0
#define READY	      1 /* odd, or too low, for an address */
#define ABOUT_TO_WAIT 2

static int epoll_fd, break_fd;
static _Atomic int n_waiting;
static struct lock free_lock;
static struct weft_sock *free_socks;

void poll__init(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	break_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (epoll_fd < 0 || break_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, break_fd, &event))
		os__die("no epoll: %s", strerror(errno));
}

bool poll__anyone(void)
{
	return atomic_load(&n_waiting) > 0;
}

void poll__break(void)
{
	uint64_t one = 1;

	/* EAGAIN: it is broken off already */
	if (write(break_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		os__die("cannot wake the poller: %s", strerror(errno));
}

/* Who waited in that direction, if anyone. Readiness stays noted, as its user looks at it when it runs again */
static struct g *wake(struct weft_sock *s, enum poll_dir dir)
{
	uintptr_t old = atomic_exchange(&s->waiter[dir], READY);

	if (old <= ABOUT_TO_WAIT)
		return NULL;
	atomic_fetch_sub(&n_waiting, 1);
	return (struct g *)old;
}

static void collect(struct weft_sock *s, enum poll_dir dir, struct g_queue *ready)
{
	struct g *g = wake(s, dir);

	if (g)
		queue__push(ready, g);
}

static int wait_events(struct epoll_event *events, int64_t timeout_ns)
{
	struct timespec ts = { timeout_ns / 1000000000, timeout_ns % 1000000000 };
	static _Atomic int no_pwait2;
	int64_t ms = (timeout_ns + 999999) / 1000000;

	if (timeout_ns > 0 && !get_relaxed(&no_pwait2)) {
		int n = syscall(SYS_epoll_pwait2, epoll_fd, events, EVENTS, &ts, NULL, 0);

		/* Linux 5.11 */
		if (n >= 0 || errno != ENOSYS)
			return n;
		set_relaxed(&no_pwait2, 1);
	}
	if (timeout_ns < 0)
		ms = -1;
	else if (ms > 1000000000)
		ms = 1000000000;
	return epoll_wait(epoll_fd, events, EVENTS, ms);
}

int poll__wait(int64_t timeout_ns, struct g_queue *ready)
{
	struct epoll_event events[EVENTS];
	int n = wait_events(events, timeout_ns);
	uint64_t count;

	for (int i = 0; i < n; i++) {
		struct weft_sock *s = events[i].data.ptr;

		if (!s) {
			/* who does not block leaves it for the one that does */
			if (timeout_ns && read(break_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
				os__die("cannot read the poller's eventfd: %s", strerror(errno));
			continue;
		}
		if (events[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			collect(s, POLL_READ, ready);
		if (events[i].events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
			collect(s, POLL_WRITE, ready);
	}
	return ready->n;
}

struct wait {
	struct weft_sock *s;
	enum poll_dir dir;
};

static void then_wait(struct m *m, struct g *g, void *arg)
{
	struct wait wait = *(struct wait *)arg;
	uintptr_t expected = ABOUT_TO_WAIT;

	sched__parked(m, g, WEFT_WAIT_NETWORK);
	/* before the waiter can be seen: the count must not go below what there is to wake */
	atomic_fetch_add(&n_waiting, 1);
	if (atomic_compare_exchange_strong(&wait.s->waiter[wait.dir], &expected, (uintptr_t)g))
		return;
	atomic_fetch_sub(&n_waiting, 1);
	sched__set_ready(g);
	runq__put(get_relaxed(&m->p), g, true);
}

void poll__block(struct weft_sock *s, enum poll_dir dir)
{
	struct wait wait = { s, dir };
	uintptr_t old = READY;

	if (atomic_compare_exchange_strong(&s->waiter[dir], &old, NOBODY))
		return;
	if (old != NOBODY)
		os__die("two goroutines %s one socket at once", dir == POLL_READ ? "read from" : "write to");
	if (!atomic_compare_exchange_strong(&s->waiter[dir], &old, ABOUT_TO_WAIT)) {
		/* has just become ready */
		atomic_store(&s->waiter[dir], NOBODY);
		return;
	}
	/* close() marks first and wakes then: it sees us waiting or we see its mark */
	if (!atomic_load(&s->closing))
		sched__park(then_wait, &wait);
	atomic_store(&s->waiter[dir], NOBODY);
}

struct weft_sock *poll__open(int fd, int *err)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	struct weft_sock *s;

	lock__acquire(&free_lock);
	s = free_socks;
	if (s)
		free_socks = s->link;
	lock__release(&free_lock);
	if (!s)
		s = calloc(1, sizeof(*s));
	if (!s) {
		close(fd);
		*err = -ENOMEM;
		return NULL;
	}
	s->fd = fd;
	atomic_store(&s->closing, 0);
	atomic_store(&s->refs, 1);
	atomic_store(&s->waiter[POLL_READ], NOBODY);
	atomic_store(&s->waiter[POLL_WRITE], NOBODY);
	event.data.ptr = s;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
		*err = -errno;
		poll__put(s);
		return NULL;
	}
	return s;
}

bool poll__get(struct weft_sock *s)
{
	atomic_fetch_add(&s->refs, 1);
	if (!atomic_load(&s->closing))
		return true;
	poll__put(s);
	return false;
}

void poll__put(struct weft_sock *s)
{
	if (atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	close(s->fd);
	lock__acquire(&free_lock);
	s->link = free_socks;
	free_socks = s;
	lock__release(&free_lock);
}

void weft_sock_close(struct weft_sock *s)
{
	struct g *reader, *writer;

	atomic_store(&s->closing, 1);
	reader = wake(s, POLL_READ);
	writer = wake(s, POLL_WRITE);
	if (reader)
		sched__ready(reader);
	if (writer)
		sched__ready(writer);
	poll__put(s);
}
