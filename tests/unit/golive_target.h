/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: tests/helpers/golive, built by any version of Go, running and inspected. */
#ifndef TARE_TEST_GOLIVE_TARGET_H
#define TARE_TEST_GOLIVE_TARGET_H

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>

#include "gobuild.h"
#include "golive.h"
#include "gopattern.h"
#include "pclntab.h"
#include "records.h"

/* How to build it. */
struct go_variant {
	const char *toolchain; /* for GOTOOLCHAIN: "local", "go1.22.12" */
	const char *name, *flags;
	bool cgo, stripped;
};

/* What the program reports of itself: see tests/helpers/golive/main.go. */
struct go_answer {
	uint64_t bytes, mallocs, frees, collections, pause_ns, heap, took_ns, next_gc;
	uint64_t spans, all, stacks, own;
};

struct go_target {
	pid_t pid;
	int in, out, fd;
	char path[128], version[64];
	struct image *img;
	uint64_t bias;
};

/* A file in the test's own folder; its path in @path. */
static inline void go_target__build(const char *dir, const struct go_variant *v, char path[128])
{
	char cmd[1024];

	snprintf(path, 128, "%s/%s-%s", dir, v->toolchain, v->name);
	snprintf(cmd, sizeof(cmd),
		 "cd tests/helpers/golive && GOTOOLCHAIN=%s CGO_ENABLED=%d GOFLAGS=-buildvcs=false "
		 "go build %s %s -o '%s' main.go %s >&2",
		 v->toolchain, v->cgo, v->cgo ? "-tags withcgo" : "", v->flags, path, v->cgo ? "cgo.go" : "");
	if (system(cmd))
		fail_msg("failed: %s", cmd);
}

/* From the first line of its maps for this file. */
static inline uint64_t go_target__bias(const struct go_target *t)
{
	uint64_t start, offset, bias = 0;
	char path[64], perms[5], name[512], line[1024];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", t->pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%" SCNx64 "-%*x %4s %" SCNx64 " %*s %*s %511s", &start, perms, &offset, name) == 4 &&
		    !strcmp(name, t->path))
			found = !image__bias(t->img, start, offset, perms[2] == 'x', &bias);
	}
	fclose(f);
	assert_true(found);
	return bias;
}

static inline void go_target__ask(struct go_target *t, const char *what, int n)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%s %d\n", what, n);

	assert_int_equal(write(t->in, line, len), len);
}

static inline struct go_answer go_target__answer(struct go_target *t)
{
	struct go_answer a;
	size_t have = 0;

	while (have < sizeof(a)) {
		ssize_t n = read(t->out, (char *)&a + have, sizeof(a) - have);

		assert_true(n > 0);
		have += n;
	}
	/* until it waits for the next line */
	usleep(3000);
	return a;
}

static inline struct go_answer go_target__do(struct go_target *t, const char *what, int n)
{
	go_target__ask(t, what, n);
	return go_target__answer(t);
}

static inline void go_target__start(struct go_target *t, const char *path)
{
	struct gobuild build;
	const char *why = NULL;
	int in[2], out[2];

	memset(t, 0, sizeof(*t));
	snprintf(t->path, sizeof(t->path), "%s", path);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (!t->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		setenv("GOMAXPROCS", "2", 1);
		execl(path, path, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	t->in = in[1];
	t->out = out[0];
	t->fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(t->fd >= 0);
	if (image__open(t->fd, &t->img, &why))
		fail_msg("%s: %s", path, why);
	go_target__do(t, "stats", 1);
	t->bias = go_target__bias(t);
	assert_int_equal(gobuild__read(t->img, &build), 0);
	snprintf(t->version, sizeof(t->version), "%s", build.version);
	gobuild__free(&build);
}

static inline void go_target__stop(struct go_target *t)
{
	int status;

	close(t->in);
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	assert_int_equal(status, 0);
	close(t->out);
	image__close(t->img);
	close(t->fd);
}

struct go_code {
	struct image *img;
	struct pclntab *table;
};

static inline int go_target__code(void *ctx, const char *name, struct code *code)
{
	struct go_code *c = ctx;
	struct go_func func;
	int err = pclntab__find_func(c->table, name, &func);

	if (err)
		return err;
	*code = (struct code){ image__at(c->img, func.entry, func.end - func.entry), func.end - func.entry, func.entry,
			       image__machine(c->img) == 62 ? TARE_ARCH_X86_64 : TARE_ARCH_ARM64 };
	return code->bytes ? 0 : -ENOENT;
}

/* What the instructions say, as live addresses. */
static inline struct go_globals go_target__patterns(struct go_target *t, int minor)
{
	struct go_code c = { .img = t->img };
	struct go_globals found = { 0 };
	const char *why = NULL;
	struct {
		const char *name;
		uint64_t *addr;
	} wanted[] = {
		{ "runtime.sched", &found.sched },
		{ "runtime.allp", &found.allp },
		{ "runtime.allm", &found.allm },
		{ "runtime.gcController", &found.gc_controller },
		{ "runtime.memstats", &found.memstats },
		{ "runtime.mheap_", &found.mheap },
		{ "runtime.work.cpuStats", &found.cpu_stats },
		{ "runtime.scavenge", &found.scavenge },
	};

	assert_int_equal(pclntab__open(t->img, 0, &c.table, &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!gopattern__find(wanted[i].name, minor, go_target__code, &c, wanted[i].addr))
			*wanted[i].addr += t->bias;
	}
	pclntab__close(c.table);
	return found;
}

/* Runs after so short a wait, as on a fast machine, that they may be stack moves. */
static inline uint64_t go_target__unclear_runs(struct go_live *live)
{
	struct go_hist h;

	assert_int_equal(go_live__histogram(live, GO_HIST_TIME_TO_RUN, &h), 0);
	return h.from_ns[1] >= 64 ? 8 * h.count[0] : 0;
}

#endif /* TARE_TEST_GOLIVE_TARGET_H */
