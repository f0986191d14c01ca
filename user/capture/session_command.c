// SPDX-License-Identifier: BSD-2-Clause
/* The command of `tare run` in a session: found, started stopped, released, and ended. */
#include <errno.h>
#include <signal.h>
#include <string.h>

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

	s->launch.stdout_is_taken = !strcmp(s->opts->output, "-");
	ret = s->opts->argv ? launch__prepare(&s->launch, s->opts->argv) : 0;
	if (!ret)
		return 0;
	err("cannot start a process: %s", strerror(-ret));
	return -EIO;
}

int session__release_command(struct session *s)
{
	int ret;

	bpf__launch(&s->bpf, s->launch.pid);
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
