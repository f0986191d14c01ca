// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

static const char *name;
static pid_t pid;
static int out;
static clockid_t cpu_clock;

/* What it printed and nobody has read, up to NUL */
static char text[1 << 16];
static size_t text_bytes;

void server__start(char **command)
{
	int fds[2];

	name = command[0];
	if (pipe(fds))
		scenario__die("a pipe for the server: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		scenario__die("the server cannot start: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execvp(command[0], command);
		scenario__die("%s cannot be run: %s", command[0], strerror(errno));
	}
	close(fds[1]);
	out = fds[0];
	if (clock_getcpuclockid(pid, &cpu_clock))
		scenario__die("the server's CPU clock: %s", strerror(errno));
}

pid_t server__pid(void)
{
	return pid;
}

/* Ends the process if the server has ended by itself, or is about to: says how */
static void server__gone(int wait_flags, const char *before)
{
	int status = 0;

	if (waitpid(pid, &status, wait_flags) != pid)
		return;
	if (WIFSIGNALED(status))
		scenario__die("%s was killed by signal %d before %s", name, WTERMSIG(status), before);
	scenario__die("%s ended with status %d before %s", name, WEXITSTATUS(status), before);
}

/* Adds to the text what comes. False: nothing comes any more */
static bool more(int64_t until_ns, const char *what)
{
	struct pollfd fd = { .fd = out, .events = POLLIN };
	int64_t left_ns = until_ns - scenario__now_ns();
	ssize_t n;

	if (left_ns <= 0 || (!poll(&fd, 1, left_ns / 1000000 + 1)))
		scenario__die("%s did not %s in time; it is killed", name, what);
	if (text_bytes == sizeof(text) - 1)
		scenario__die("%s prints more than %zu bytes; two lines are wanted", name, sizeof(text) - 1);
	n = read(out, text + text_bytes, sizeof(text) - 1 - text_bytes);
	if (n < 0 && errno == EINTR)
		return true;
	if (n > 0)
		text_bytes += n;
	text[text_bytes] = 0;
	return n > 0;
}

struct sockaddr_in server__address(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int64_t until_ns = scenario__now_ns() + SERVER_START_NS, port;
	char *newline;
	json_t *line;

	while (!(newline = strchr(text, '\n')))
		if (!more(until_ns, "say its port"))
			server__gone(0, "it said its port");
	line = json_loadb(text, newline - text, 0, NULL);
	port = json_integer_value(json_object_get(line, "port"));
	json_decref(line);
	*newline = 0;
	if (port < 1 || port > 65535)
		scenario__die("the first line of %s is not {\"port\":P}: %.100s", name, text);
	text_bytes -= newline + 1 - text;
	memmove(text, newline + 1, text_bytes + 1);
	addr.sin_port = htons(port);
	return addr;
}

void server__must_live(int64_t wait_ns)
{
	int64_t until_ns = scenario__now_ns() + wait_ns;

	server__gone(WNOHANG, "the load was over");
	while (scenario__now_ns() < until_ns) {
		usleep(10000);
		server__gone(WNOHANG, "the load was over");
	}
}

int64_t server__cpu_ns(void)
{
	struct timespec ts;

	if (clock_gettime(cpu_clock, &ts))
		scenario__die("the CPU clock of %s cannot be read: %s", name, strerror(errno));
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t server__peak_bytes(void)
{
	long long kib = 0;
	char line[128];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/status", pid);
	f = fopen(line, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lld kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib * 1024;
}

/* The last line in the text, cut out of it */
static char *last_line(void)
{
	char *newline;

	while (text_bytes && text[text_bytes - 1] == '\n')
		text[--text_bytes] = 0;
	newline = strrchr(text, '\n');
	return newline ? newline + 1 : text;
}

char *server__end(void)
{
	int64_t until_ns = scenario__now_ns() + SERVER_END_NS;
	json_t *result;
	char *line;

	kill(pid, SIGTERM);
	while (more(until_ns, "end at SIGTERM"))
		;
	waitpid(pid, NULL, 0);
	result = json_loads(last_line(), 0, NULL);
	line = result ? json_dumps(result, JSON_COMPACT) : NULL;
	json_decref(result);
	if (!line)
		fprintf(stderr, "%s: %s printed no JSON when it ended\n", program_name, name);
	return line;
}
