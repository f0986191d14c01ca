// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"
#include "launch.h"

static int may_run(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	return S_ISREG(st.st_mode) && !access(path, X_OK) ? 0 : -EACCES;
}

int launch__find(const char *name, char path[COMMAND_MAX])
{
	const char *folders = getenv("PATH") ?: "/usr/local/bin:/usr/bin:/bin", *next;
	int ret = -ENOENT, found;

	if (strchr(name, '/'))
		return snprintf(path, COMMAND_MAX, "%s", name) < COMMAND_MAX ? may_run(path) : -ENAMETOOLONG;
	for (; folders && *name; folders = next ? next + 1 : NULL) {
		int len;

		next = strchr(folders, ':');
		len = next ? next - folders : (int)strlen(folders);
		if (snprintf(path, COMMAND_MAX, "%.*s/%s", len ? len : 1, len ? folders : ".", name) >= COMMAND_MAX)
			continue;
		found = may_run(path);
		if (!found)
			return 0;
		if (found == -EACCES)
			ret = found;
	}
	return ret;
}

static void child(const struct launch *l, int release_fd, int error_fd, char *const *argv)
{
	sigset_t none;
	int error;
	char c;

	/* the recorder catches or blocks the signals that it wants to read; the command must not inherit that */
	signal(SIGINT, l->ignores_interrupt ? SIG_IGN : SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (read(release_fd, &c, 1) != 1 || (l->stdout_is_taken && dup2(STDERR_FILENO, STDOUT_FILENO) < 0))
		_exit(127); /* the recorder is gone */
	/* the recorder's tracing privileges are not for the command; file capabilities do not pass exec anyway */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	execvp(argv[0], argv);
	error = errno;
	if (write(error_fd, &error, sizeof(error)) != sizeof(error))
		_exit(126);
	_exit(127);
}

int launch__prepare(struct launch *l, char *const *argv)
{
	sigset_t interrupt, old;
	int release[2], error[2];

	if (pipe2(release, O_CLOEXEC))
		return -errno;
	if (pipe2(error, O_CLOEXEC | O_NONBLOCK)) {
		close(release[0]);
		close(release[1]);
		return -errno;
	}
	/* the child still has the recorder's handler for a moment: it must not run there */
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &old);
	l->pid = fork();
	if (!l->pid) {
		close(release[1]); /* or the child would never see the recorder go */
		child(l, release[0], error[1], argv);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(release[0]);
	close(error[1]);
	l->release_fd = release[1];
	l->error_fd = error[0];
	if (l->pid < 0) {
		close(release[1]);
		close(error[0]);
		return -errno;
	}
	return 0;
}

int launch__release(struct launch *l)
{
	char path[32], had[32];

	snprintf(path, sizeof(path), "/proc/%d/status", l->pid);
	l->before_kb = atol(host__field(path, "VmHWM", had, sizeof(had)));
	if (write(l->release_fd, "", 1) != 1)
		return -errno;
	close(l->release_fd);
	l->release_fd = -1;
	return 0;
}

int launch__check(struct launch *l)
{
	int error = 0;
	ssize_t n;

	if (l->error_fd < 0)
		return 0;
	n = read(l->error_fd, &error, sizeof(error));
	if (n < 0)
		return 0;
	close(l->error_fd); /* without a word where exec succeeded */
	l->error_fd = -1;
	return n == sizeof(error) ? -error : 0;
}

void launch__cancel(struct launch *l)
{
	if (l->pid <= 0)
		return;
	if (l->release_fd >= 0)
		close(l->release_fd);
	if (l->error_fd >= 0)
		close(l->error_fd);
	kill(l->pid, SIGKILL);
	waitpid(l->pid, NULL, 0);
	l->pid = 0;
}
