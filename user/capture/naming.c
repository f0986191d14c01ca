// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "array.h"
#include "naming.h"
#include "naming_process.h"
#include "util.h"

#define SILENT_NS (60 * NSEC_PER_SEC) /* it hangs */
#define READ	  65536

void naming__begin(struct naming *n, const struct debug_places *places)
{
	int ends[2];

	*n = (struct naming){ .fd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		warn("functions have no names: %s", strerror(errno));
		return;
	}
	fflush(NULL);
	n->pid = fork();
	if (!n->pid)
		naming_process(ends[1], places);
	close(ends[1]);
	n->fd = ends[0];
	if (n->pid > 0)
		return;
	warn("functions have no names: cannot start another process: %s", strerror(errno));
	n->pid = 0;
	close(n->fd);
	n->fd = -1;
}

static void reap(struct naming *n)
{
	struct rusage used;

	close(n->fd);
	n->fd = -1;
	if (n->pid <= 0)
		return;
	kill(n->pid, SIGKILL);
	if (wait4(n->pid, NULL, 0, &used) == n->pid)
		n->cpu_ns = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * NSEC_PER_SEC +
			    (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000ull;
	n->pid = 0;
}

static void died(struct naming *n)
{
	warn("the process that names functions has ended: those of native programs have no names from here on");
	reap(n);
	n->in_bytes = 0;
}

int naming__ask(struct naming *n, const struct symbol_wanted *ask)
{
	/* what was answered is dropped before the array has to grow */
	if (n->first && n->first + n->nr == n->room) {
		memmove(n->asks, n->asks + n->first, n->nr * sizeof(*n->asks));
		n->first = 0;
	}
	if (ARRAY_GROW(n->asks, n->room, n->first + n->nr + 1))
		return -ENOMEM;
	n->asks[n->first + n->nr++] = *ask;
	return 0;
}

static void send_asks(struct naming *n)
{
	while (n->sent < n->nr) {
		const struct symbol_wanted *ask = &n->asks[n->first + n->sent];
		size_t left = (n->nr - n->sent) * sizeof(*ask) - n->sent_bytes;
		ssize_t done = send(n->fd, (const char *)ask + n->sent_bytes, left, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (done < 0)
			return; /* its end is seen by the reader */
		if (!n->sent)
			n->heard_ns = now_ns();
		n->sent += (n->sent_bytes + done) / sizeof(*ask);
		n->sent_bytes = (n->sent_bytes + done) % sizeof(*ask);
	}
}

/* One ask less. */
static void answered(struct naming *n)
{
	n->first++;
	n->nr--;
	n->sent -= n->sent > 0;
	if (!n->nr)
		n->first = 0;
}

static void take_answers(struct naming *n, naming_fn *fn, void *ctx)
{
	struct naming_answer a;
	size_t pos = 0;

	while (n->in_bytes - pos >= sizeof(a)) {
		memcpy(&a, n->in + pos, sizeof(a));
		if (n->in_bytes - pos - sizeof(a) < a.bytes)
			break;
		fn(&a, n->in + pos + sizeof(a), ctx);
		pos += sizeof(a) + a.bytes;
		/* in the order of the asks */
		if (a.type == TARE_FRAME_SYMBOLS && n->sent)
			answered(n);
	}
	if (pos) {
		n->in_bytes -= pos;
		memmove(n->in, n->in + pos, n->in_bytes);
		n->heard_ns = now_ns();
	}
}

/* Returns false at the end. */
static bool receive(struct naming *n)
{
	ssize_t got;

	do {
		if (ARRAY_GROW(n->in, n->in_room, n->in_bytes + READ))
			return true;
		got = recv(n->fd, n->in + n->in_bytes, READ, MSG_DONTWAIT);
		if (got > 0)
			n->in_bytes += got;
	} while (got == READ);
	return got > 0 || (got < 0 && errno != ECONNRESET);
}

static void answer_nothing(struct naming *n, naming_fn *fn, void *ctx)
{
	struct naming_answer none = { .type = TARE_FRAME_SYMBOLS };

	while (n->nr) {
		none.wanted = n->asks[n->first];
		answered(n);
		fn(&none, NULL, ctx);
	}
}

void naming__collect(struct naming *n, uint64_t wait_ns, naming_fn *fn, void *ctx)
{
	uint64_t until = now_ns() + wait_ns, now;
	struct pollfd poll_fd = { .events = POLLIN };

	while (n->fd >= 0) {
		send_asks(n);
		if (!receive(n)) {
			take_answers(n, fn, ctx);
			died(n);
			break;
		}
		take_answers(n, fn, ctx);
		now = now_ns();
		if (n->sent && now > n->heard_ns + SILENT_NS) {
			died(n);
			break;
		}
		if (!n->nr || now >= until)
			break;
		poll_fd.fd = n->fd;
		poll(&poll_fd, 1, (until - now) / 1000000 > 20 ? 20 : (until - now) / 1000000 + 1);
	}
	if (n->fd < 0)
		answer_nothing(n, fn, ctx);
}

void naming__end(struct naming *n)
{
	n->unnamed = n->nr;
	if (n->fd >= 0)
		reap(n);
	free(n->asks);
	free(n->in);
	n->asks = NULL;
	n->in = NULL;
	n->first = n->nr = n->sent = n->room = n->in_room = n->in_bytes = 0;
}
