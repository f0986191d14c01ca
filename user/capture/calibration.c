// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calibration.h"
#include "calibration_file.h"
#include "entry_ways.h"
#include "util.h"

#define TRIES 5

const char *calibration__name(enum entry entry)
{
	return entry_ways[entry].name;
}

const char *calibration__what(enum entry entry)
{
	return entry_ways[entry].what;
}

double calibration__entry_ns(const struct calibration *c, enum entry entry)
{
	return c->of[entry].known ? c->of[entry].hit_ns - c->of[entry].told_ns : 0;
}

/* ---- in the child ---- */

static uint64_t round_ns(const struct entry_way *way)
{
	return entry_way__round_ns(way, way->rounds, way->nr);
}

/* What the kernel tells of program @prog's run time, ns a run: of the round with the least; 0: it tells nothing. */
static double told_ns(const struct entry_way *way, int prog)
{
	struct bpf_prog_info before = { 0 };
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	double least = 0;

	if (fd < 0)
		return 0;
	for (unsigned i = 0; i < way->rounds; i++) {
		struct bpf_prog_info now = { 0 };
		uint32_t len = sizeof(now);
		uint64_t runs;
		double each;

		way->hit(way->nr);
		if (bpf_obj_get_info_by_fd(prog, &now, &len))
			break;
		runs = now.run_cnt - before.run_cnt;
		each = runs ? (double)(now.run_time_ns - before.run_time_ns) / runs : 0;
		if (each > 0 && (!least || each < least))
			least = each;
		before = now;
	}
	close(fd);
	return least;
}

/* To what the file keeps. */
static double rounded(double ns)
{
	return round(ns * 100) / 100;
}

static struct calibrated measure_once(const struct entry_way *way, int prog)
{
	uint64_t before = round_ns(way), with, after, plain;
	struct calibrated c = { 0 };
	double hits;
	int link;

	link = way->attach(prog);
	if (link < 0)
		return c;
	with = round_ns(way);
	c.told_ns = rounded(told_ns(way, prog));
	close(link);
	after = round_ns(way);
	plain = after < before ? after : before;
	hits = way->period_ns ? (double)with / way->period_ns : way->nr;
	c.hit_ns = with > plain && hits > 0 ? rounded((with - plain) / hits) : 0;
	c.known = c.hit_ns > 0;
	return c;
}

/* On a busy machine the work itself may take longer without the program than with it: then once more. */
static struct calibrated measure(const struct entry_way *way, int prog)
{
	struct calibrated c = { 0 };

	for (int i = 0; i < TRIES && !c.known; i++)
		c = measure_once(way, prog);
	return c;
}

static _Noreturn void child(const int progs[NR_ENTRIES], int to)
{
	struct calibrated of[NR_ENTRIES] = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < NR_ENTRIES; i++)
		if (progs[i] >= 0)
			of[i] = measure(&entry_ways[i], progs[i]);
	_exit(write(to, of, sizeof(of)) != sizeof(of));
}

/* ---- in the parent ---- */

static int start_child(struct calibration *c, const int progs[NR_ENTRIES])
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		child(progs, fds[1]);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -errno;
	}
	c->child = pid;
	c->from = fds[0];
	return 0;
}

/* Programs that do nothing, loaded here: in the child it would take the kernel's type information a second time. */
static int start(struct calibration *c)
{
	int progs[NR_ENTRIES], ret = -ENOTSUP;

	for (int i = 0; i < NR_ENTRIES; i++) {
		progs[i] = entry_ways[i].load();
		ret = progs[i] >= 0 ? 0 : ret ? progs[i] : 0;
	}
	ret = ret ?: start_child(c, progs);
	for (int i = 0; i < NR_ENTRIES; i++)
		if (progs[i] >= 0)
			close(progs[i]);
	return ret;
}

int calibration__begin(struct calibration *c, bool again)
{
	*c = (struct calibration){ 0 };
	return !again && !calibration_file__read(c) ? 0 : start(c);
}

/* Fewer bytes than PIPE_BUF, so all of them come at once. */
static int answer(struct calibration *c, int wait_ms)
{
	struct pollfd fd = { .fd = c->from, .events = POLLIN };
	struct calibrated of[NR_ENTRIES];
	int nr = poll(&fd, 1, wait_ms);

	if (nr <= 0)
		return nr ? -errno : -ETIMEDOUT;
	if (read(c->from, of, sizeof(of)) != sizeof(of))
		return -EIO;
	memcpy(c->of, of, sizeof(of));
	return 0;
}

int calibration__collect(struct calibration *c, int wait_ms)
{
	int ret;

	if (!c->child)
		return 0;
	ret = answer(c, wait_ms);
	if (!ret) {
		c->measured_s = time(NULL);
		calibration_file__write(c);
	} else if (!wait_ms && (ret == -ETIMEDOUT || ret == -EINTR)) {
		return ret; /* not yet */
	}
	calibration__end(c);
	return ret;
}

void calibration__end(struct calibration *c)
{
	if (!c->child)
		return;
	kill(c->child, SIGKILL); /* it may have ended by itself */
	while (waitpid(c->child, NULL, 0) < 0 && errno == EINTR)
		;
	close(c->from);
	c->child = 0;
}
