/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What weft-bench and native-bench share: the scenarios there are, their options, and how a program runs one. Each has
 * a function run_NAME() for every scenario, which does the work and prints its result as one JSON line (result.h).
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define SCENARIOS(X) \
	X(pingpong)  \
	X(spawn)     \
	X(idle)      \
	X(preempt)   \
	X(alloc)     \
	X(churn) X(trees) X(graph) X(nodes) X(leak) X(dispatch) X(escape) X(sum) X(cpu) X(refcount) X(server) X(serve)

#define MIB	   (1024 * 1024)
#define MOST_MODES 3

/* Complete when run_NAME() gets them: what was not asked for is the scenario's own. 0 only where that says so. */
struct options {
	int64_t n;
	int64_t duration_ns;
	int64_t tasks; /* goroutines or threads at work at once; 0: as many as run at once */
	int64_t live_bytes;
	int64_t block_bytes;
	double rate; /* a second */
	int mode;    /* index into the scenario's modes */
	const char *mode_name;
	int procs; /* 0: not asked for */
	bool n_given;
};

struct scenario {
	const char *name, *help;
	const char *takes; /* letters of the options that mean something to it; -p always does */
	const char *modes[MOST_MODES];
	int native_modes; /* of these, the last ones: only threads of the kernel can do that */
	struct options defaults;
	int64_t native_n[MOST_MODES];	   /* by mode, where threads would take too long for defaults.n; 0: the same */
	int64_t least_block_bytes, most_n; /* 0: as the letter allows */
};
extern const struct scenario scenarios[];
#define X(name) SCENARIO_##name,
enum scenario_id { SCENARIOS(X) N_SCENARIOS };
#undef X
/* Exit code. NULL: this program does not have it */
#define X(name) __attribute__((weak)) int run_##name(const struct options *options);
SCENARIOS(X)
#undef X
extern int (*const scenario_run[N_SCENARIOS])(const struct options *options);

/*
 * The command line. Returns the scenario; otherwise, after it has said what is wrong and what there is, or where help
 * was asked for, ends the process.
 */
enum scenario_id scenario__parse(int argc, char **argv, struct options *options);

/* "PROGRAM: what" on standard error, and ends the process with 1 */
_Noreturn void scenario__die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static inline int64_t scenario__now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The compiler must take it that somebody reads and writes what p points to */
#define scenario__keep(p) __asm__ volatile("" : : "r"(p) : "memory")

/* splitmix64: a stream of its own for each state */
static inline uint64_t scenario__random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* ---- each program has its own of these ---- */
struct memory_figures {
	uint64_t heap_bytes;   /* in blocks that the allocator counts as used */
	uint64_t mapped_bytes; /* held of the kernel for them */
	uint64_t collections;
};
extern const char program_name[], runtime_name[];
extern const bool program_native;
/* A letter of its own among the options, without an argument; program_letters may be "" */
extern const char program_letters[], program_letters_help[];
void program__letter(int letter);
int program__procs(void); /* how many tasks run at once */
void program__memory(struct memory_figures *figures);
/* Runs fn(arg, 0) .. fn(arg, n - 1), each in a goroutine or a thread of its own, and waits for all of them */
void program__parallel(int64_t n, void (*fn)(void *arg, int64_t index), void *arg);

static inline int64_t program__tasks(const struct options *options)
{
	return options->tasks ? options->tasks : program__procs();
}

/* What task `index` of `tasks` is to do of n */
static inline int64_t scenario__share(int64_t n, int64_t tasks, int64_t index)
{
	return n / tasks + (index < n % tasks);
}

#endif
