// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "signals.h"
#include "util.h"

static int interrupt_fd = -1; /* an eventfd; a handler has no other way to the session */

enum { FROM_PROCESS = 1, FROM_TERMINAL };

/*
 * Ctrl-C has a handler, and is not in the signalfd: the second one must end tare at once, even while it waits for a
 * reader of its output that does not read. The kernel sees to that (SA_RESETHAND).
 */
static void on_interrupt(int signo, siginfo_t *si, void *ctx)
{
	uint64_t from = si->si_code == SI_KERNEL ? FROM_TERMINAL : FROM_PROCESS;
	int saved = errno;

	if (write(interrupt_fd, &from, sizeof(from)) < 0)
		signal(SIGINT, SIG_DFL); /* an eventfd takes it */
	errno = saved;
}

int signals__open(struct signals *s)
{
	static const int all[] = { SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD };
	struct sigaction interrupt = { .sa_sigaction = on_interrupt,
				       .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_RESTART };
	struct sigaction old;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		sigaddset(&set, all[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->interrupt_fd = interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (interrupt_fd < 0 || sigaction(SIGINT, &interrupt, &old))
		return -errno;
	s->ignores_interrupt = old.sa_handler == SIG_IGN;
	s->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->fd < 0 ? -errno : 0;
}

bool signals__next(struct signals *s, int *signo, bool *from_terminal)
{
	struct signalfd_siginfo si;
	uint64_t from;

	if (read(s->fd, &si, sizeof(si)) == sizeof(si)) {
		*signo = si.ssi_signo;
		*from_terminal = si.ssi_code == SI_KERNEL;
		return true;
	}
	if (read(s->interrupt_fd, &from, sizeof(from)) != sizeof(from))
		return false;
	*signo = SIGINT;
	*from_terminal = from == FROM_TERMINAL;
	return true;
}

void signals__close(struct signals *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
