// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "modules.h"
#include "naming.h"
#include "naming_process.h"
#include "symbol_bytes.h"
#include "util.h"

#define ASKS	  1024
#define ALIGN8(n) (((n) + 7u) & ~7u)

/* The recorder is gone: nobody wants an answer. */
static void put(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		p += n;
		len -= n;
	}
}

/* What the recorder wants to know, as much as it has said so far; waits for the first. Returns how many. */
static size_t get(int fd, struct symbol_wanted asks[ASKS])
{
	size_t have = 0;

	while (!have || have % sizeof(*asks)) {
		ssize_t n = read(fd, (char *)asks + have, ASKS * sizeof(*asks) - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		have += n;
	}
	return have / sizeof(*asks);
}

static void on_module(uint32_t pid, const struct code_mapping *m, int fd, void *ctx)
{
	const char *path = m->kind == CODE_VDSO ? "[vdso]" : m->path;
	size_t path_len = strnlen(path, 4096);
	struct {
		struct naming_answer answer;
		struct tare_module module;
		char path[4096 + 8];
	} a = {
		.answer = { .type = TARE_FRAME_MODULES,
			    .wanted.pid = pid,
			    .bytes = ALIGN8(sizeof(a.module) + path_len) },
		.module = { .pid = pid,
			    .size = ALIGN8(sizeof(a.module) + path_len),
			    .start = m->start,
			    .end = m->end,
			    .offset = m->offset,
			    .path_len = path_len },
	};

	if (fd >= 0)
		a.module.build_id_len = elf__build_id(fd, a.module.build_id);
	memcpy(a.path, path, path_len);
	put(*(int *)ctx, &a, sizeof(a.answer) + a.answer.bytes);
}

/* Of the process's part of the symbolizer, and of what is said to the recorder. The kernel's names take the longest. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void answer(int fd, struct symbolizer *s, const struct symbol_wanted *ask)
{
	static unsigned char bytes[SYMBOL_DEEP * SYMBOL_BYTES_MAX];
	struct symbol_frame frames[SYMBOL_DEEP];
	struct naming_answer a = { .wanted = *ask, .type = TARE_FRAME_SYMBOLS };
	int nr;

	if (ask->pid)
		pthread_mutex_lock(&lock);
	nr = symbolizer__at(s, ask, frames, &a.known_ns);

	a.again = nr == -EAGAIN;
	for (int i = 0; i < nr; i++) {
		struct symbol_text text = { .name = frames[i].name,
					    .file = frames[i].file,
					    .line = frames[i].line,
					    .owner = frames[i].owner,
					    .start = frames[i].start,
					    .inlined = i < nr - 1 };

		a.bytes += symbol_bytes(bytes + a.bytes, ask->pid, ask->ip, &text);
	}
	if (!ask->pid)
		pthread_mutex_lock(&lock);
	put(fd, &a, sizeof(a));
	put(fd, bytes, a.bytes);
	pthread_mutex_unlock(&lock);
}

/* A thread that looks at processes as soon as it is asked about them: a short one ends while others' names are read. */
struct looker {
	struct symbolizer *s;
	int from, to;
};

static void *look_ahead(void *arg)
{
	static struct symbol_wanted asks[ASKS];
	const struct looker *l = arg;

	for (;;) {
		size_t nr = get(l->from, asks);

		for (size_t i = 0; i < nr; i++) {
			pthread_mutex_lock(&lock);
			symbolizer__look(l->s, &asks[i]);
			pthread_mutex_unlock(&lock);
		}
		put(l->to, asks, nr * sizeof(*asks));
	}
	return NULL;
}

/* What the recorder has open is not this process's: it is gone when the recorder closes it. */
static void part(int keep)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), score;

	for (int fd = 0; fd < 2; fd++)
		dup2(null, fd);
	if (keep > 3)
		close_range(3, keep - 1, 0);
	close_range(keep + 1, ~0u, 0);
	for (int signo = 1; signo < NSIG; signo++)
		if (signo != SIGKILL && signo != SIGSTOP && signo != SIGSEGV && signo != SIGBUS && signo != SIGFPE &&
		    signo != SIGILL && signo != SIGABRT)
			signal(signo, SIG_IGN);
	prctl(PR_SET_NAME, "tare-names");
	/* it can be missed, the recorder cannot */
	score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (score >= 0) {
		if (write(score, "500", 3) != 3)
			info("cannot let the process that names functions go first: %s", strerror(errno));
		close(score);
	}
}

void naming_process(int fd, const struct debug_places *places)
{
	pid_t recorder = getppid();
	static struct symbolizer s;
	static struct symbol_wanted asks[ASKS];
	struct looker looker = { &s, fd, -1 };
	int looked[2];
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != recorder)
		_exit(0);
	part(fd);
	symbolizer__init(&s, places);
	s.on_module = on_module;
	s.ctx = &fd;
	if (pipe2(looked, O_CLOEXEC))
		_exit(1);
	looker.to = looked[1];
	if (pthread_create(&thread, NULL, look_ahead, &looker))
		_exit(1);
	for (;;) {
		size_t nr = get(looked[0], asks);

		for (size_t i = 0; i < nr; i++)
			answer(fd, &s, &asks[i]);
	}
}
