// SPDX-License-Identifier: BSD-2-Clause
/* The command of `tare run` in a session: found, started stopped, released, and ended; and signals, which are for it.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "pid_ns.h"
#include "session_impl.h"
#include "util.h"

int session__no_command(struct session *s, int error)
{
	err("cannot run %s: %s", s->opts->argv[0], strerror(-error));
	return s->exec_error = error;
}

int session__check_command(struct session *s)
{
	char path[COMMAND_MAX];
	int ret = s->opts->argv ? launch__find(s->opts->argv[0], path) : 0;

	return ret ? session__no_command(s, ret) : 0;
}

int session__start_command(struct session *s)
{
	int ret;

	s->launch.stdout_is_taken = s->opts->output && !strcmp(s->opts->output, "-");
	ret = s->opts->argv ? launch__prepare(&s->launch, s->opts->argv) : 0;
	if (!ret)
		return 0;
	err("cannot start a process: %s", strerror(-ret));
	return -EIO;
}

int session__release_command(struct session *s)
{
	int ret;

	bpf__launch(&s->bpf, pid_ns__kernel(s->launch.pid));
	ret = launch__release(&s->launch);
	if (!ret)
		ret = rings__poll_fd(s->rings, s->launch.error_fd);
	if (!ret)
		return 0;
	err("cannot start %s: %s", s->opts->argv[0], strerror(-ret));
	return -EIO;
}

/*
 * The command goes on when the time is up, unless it is told to end. If the recording failed, the command must not
 * suffer for it.
 */
void session__end_command(struct session *s)
{
	if (s->launch.pid <= 0)
		return;
	if (s->stop == TARE_END_DURATION) {
		info("ending %s", s->opts->argv[0]);
		kill(s->launch.pid, SIGTERM);
	} else {
		warn("nothing is recorded any more; waiting for %s to end", s->opts->argv[0]);
	}
	while (s->launch.pid > 0) {
		rings__wait(s->rings, SESSION_TICK_MS);
		session__signals(s);
	}
}

static void session__reap(struct session *s)
{
	struct rusage used;
	int status;

	while (s->launch.pid > 0 && wait4(s->launch.pid, &status, WNOHANG, &used) == s->launch.pid) {
		s->wait_status = status;
		/* it counts from the fork on: below what the recorder had itself, nothing is known */
		s->peak_kb = used.ru_maxrss > s->launch.before_kb ? used.ru_maxrss : 0;
		s->child_gone = true;
		s->child_gone_ns = now_ns();
		s->launch.pid = 0;
	}
}

static void session__signal(struct session *s, int signo, bool from_terminal)
{
	if (signo == SIGCHLD) {
		session__reap(s);
	} else if (s->opts->argv) {
		/* the terminal sends to the command as well; it is the command's end that ends the recording */
		if (!from_terminal && s->launch.pid > 0)
			kill(s->launch.pid, signo);
	} else if (signo == SIGUSR1 && s->flight.buffer) {
		s->dump = true;
	} else {
		s->stop = TARE_END_INTERRUPT;
	}
}

void session__signals(struct session *s)
{
	bool from_terminal;
	int signo;

	while (signals__next(&s->signals, &signo, &from_terminal))
		session__signal(s, signo, from_terminal);
}
