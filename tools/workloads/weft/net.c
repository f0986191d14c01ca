// SPDX-License-Identifier: BSD-2-Clause
/*
 * Stream sockets for goroutines. The calls of the kernel are in functions of their own, never inlined: each asks for
 * errno on the thread on which it made its call, while a compiler may keep errno's address over a wait.
 */
#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

#include "poll.h"

#define BACKLOG	    4096
#define kernel_call static __attribute__((noinline)) ssize_t

kernel_call do_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

kernel_call do_accept(int fd)
{
	int new = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	return new < 0 ? -errno : new;
}

kernel_call do_listen(int fd, const struct sockaddr *addr, socklen_t len)
{
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) || bind(fd, addr, len) || listen(fd, BACKLOG))
		return -errno;
	return 0;
}

kernel_call do_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return connect(fd, addr, len) ? -errno : 0;
}

/* How the attempt to connect has ended */
kernel_call do_connected(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) ? -errno : -err;
}

/* -EAGAIN as long as the attempt is under way */
kernel_call do_peer(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (!getpeername(fd, (struct sockaddr *)&peer, &len))
		return 0;
	return errno == ENOTCONN ? -EAGAIN : -errno;
}

kernel_call do_name(int fd, struct sockaddr *addr, socklen_t *len)
{
	return getsockname(fd, addr, len) ? -errno : 0;
}

kernel_call do_read(int fd, void *buf, size_t len)
{
	ssize_t n = recv(fd, buf, len, 0);

	return n < 0 ? -errno : n;
}

kernel_call do_write(int fd, const void *buf, size_t len)
{
	ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

	return n < 0 ? -errno : n;
}

struct weft_sock *weft_listen(const struct sockaddr *addr, socklen_t len, int *err)
{
	int fd = do_socket(addr->sa_family);

	*err = fd < 0 ? fd : do_listen(fd, addr, len);
	if (!*err)
		return poll__open(fd, err);
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* The call can be made again, after a wait where one is due. The caller holds a reference */
static bool again(struct weft_sock *s, ssize_t *result, enum poll_dir dir)
{
	if (*result != -EAGAIN && *result != -EINTR)
		return false;
	if (*result == -EAGAIN)
		poll__block(s, dir);
	if (!atomic_load(&s->closing))
		return true;
	*result = -EBADF;
	return false;
}

struct weft_sock *weft_accept(struct weft_sock *listener, int *err)
{
	struct weft_sock *s = NULL;
	ssize_t fd;

	*err = -EBADF;
	if (!poll__get(listener))
		return NULL;
	/* a connection that ended before it was accepted is no error of the listener's */
	do
		fd = do_accept(listener->fd);
	while (fd == -ECONNABORTED || again(listener, &fd, POLL_READ));
	poll__put(listener);
	*err = fd < 0 ? fd : 0;
	if (fd >= 0)
		s = poll__open(fd, err);
	sched__check_preempt();
	return s;
}

struct weft_sock *weft_connect(const struct sockaddr *addr, socklen_t len, int *err)
{
	int fd = do_socket(addr->sa_family);
	struct weft_sock *s;

	*err = fd < 0 ? fd : 0;
	s = fd < 0 ? NULL : poll__open(fd, err);
	if (!s)
		return NULL;
	*err = do_connect(fd, addr, len);
	if (*err == -EINPROGRESS || *err == -EINTR) {
		/* an event before the attempt (a fresh socket "hangs up") must not be taken for its end */
		do {
			poll__block(s, POLL_WRITE);
			*err = do_connected(fd);
			if (!*err)
				*err = do_peer(fd);
		} while (*err == -EAGAIN);
	}
	if (*err) {
		weft_sock_close(s);
		return NULL;
	}
	return s;
}

ssize_t weft_read(struct weft_sock *s, void *buf, size_t len)
{
	ssize_t n;

	if (!poll__get(s))
		return -EBADF;
	do
		n = do_read(s->fd, buf, len);
	while (again(s, &n, POLL_READ));
	poll__put(s);
	sched__check_preempt();
	return n;
}

ssize_t weft_write(struct weft_sock *s, const void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	if (!poll__get(s))
		return -EBADF;
	do {
		n = do_write(s->fd, (const char *)buf + done, len - done);
		if (n > 0)
			done += n;
	} while ((n > 0 && done < len) || again(s, &n, POLL_WRITE));
	poll__put(s);
	sched__check_preempt();
	return n < 0 ? n : (ssize_t)done;
}

int weft_sock_name(struct weft_sock *s, struct sockaddr *addr, socklen_t *len)
{
	return do_name(s->fd, addr, len);
}
