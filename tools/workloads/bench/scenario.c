// SPDX-License-Identifier: BSD-2-Clause
/*
 * The table of scenarios, and the command line.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

#define SECOND 1000000000ll

const struct scenario scenarios[] = {
	[SCENARIO_pingpong] = {
		.name = "pingpong", .takes = "nm", .modes = { "yield", "chan", "futex" }, .native_modes = 1,
		.help = "two tasks switch -n times each; futex: on a CPU each, if there are two",
		.defaults = { .n = 2000000 }, .native_n = { 200000, 20000, 5000 },
	},
	[SCENARIO_spawn] = {
		.name = "spawn", .takes = "nm", .modes = { "large", "small" },
		.help = "-n tasks that end at once; small: least stack",
		.defaults = { .n = 2000000 }, .native_n = { 50000, 50000 },
	},
	[SCENARIO_idle] = {
		.name = "idle", .takes = "ntm", .modes = { "large", "small" },
		.help = "-n tasks blocked for -t seconds; small: least stack",
		.defaults = { .n = 100000, .duration_ns = SECOND }, .native_n = { 5000, 5000 },
	},
	[SCENARIO_preempt] = {
		.name = "preempt", .takes = "tj",
		.help = "-j tasks compute beside one that naps for -t seconds",
		.defaults = { .duration_ns = SECOND },
	},
	[SCENARIO_alloc] = {
		.name = "alloc", .takes = "nbj",
		.help = "-n arrays of -b bytes (100 ints) in all, each kept for a moment",
		.defaults = { .n = 5000000, .block_bytes = 400 }, .least_block_bytes = 4,
	},
	[SCENARIO_churn] = {
		.name = "churn", .takes = "ntblj",
		.help = "blocks of -b bytes replace others in a live heap of -l MiB, for -t seconds or -n times",
		.defaults = { .duration_ns = SECOND, .block_bytes = 1024, .live_bytes = 64 * MIB },
		.least_block_bytes = 16,
	},
	[SCENARIO_trees] = {
		.name = "trees", .takes = "n",
		.help = "binary trees of up to -n levels, built and dropped",
		.defaults = { .n = 16 }, .most_n = 32,
	},
	[SCENARIO_graph] = {
		.name = "graph", .takes = "nbj",
		.help = "-n cyclic graphs of -b nodes, built and dropped",
		.defaults = { .n = 5000, .block_bytes = 100 },
	},
	[SCENARIO_nodes] = {
		.name = "nodes", .takes = "nbm", .modes = { "list", "tree" },
		.help = "memory for each of -n linked nodes of -b bytes",
		.defaults = { .n = 1000000, .block_bytes = 24 }, .least_block_bytes = 24,
	},
	[SCENARIO_leak] = {
		.name = "leak", .takes = "ntbr",
		.help = "a cache that only grows, by -r MiB a second in values of -b bytes, for -t seconds or -n MiB",
		.defaults = { .duration_ns = SECOND, .block_bytes = 1024, .rate = 50 },
	},
	[SCENARIO_dispatch] = {
		.name = "dispatch", .takes = "n",
		.help = "-n calls each: inlined, direct, by interface, by (data, vtable), by a vtable in the object",
		.defaults = { .n = 20000000 },
	},
	[SCENARIO_escape] = {
		.name = "escape", .takes = "n",
		.help = "-n small objects on the stack, then on the heap",
		.defaults = { .n = 10000000 },
	},
	[SCENARIO_sum] = {
		.name = "sum", .takes = "nlj",
		.help = "-j tasks add up an array of -l MiB -n times",
		.defaults = { .n = 200, .live_bytes = 8 * MIB },
	},
	[SCENARIO_cpu] = {
		.name = "cpu", .takes = "n",
		.help = "computes: fib, sieve, matmul, mandelbrot, words; each -n times",
		.defaults = { .n = 3 },
	},
	[SCENARIO_refcount] = {
		.name = "refcount", .takes = "nj",
		.help = "an object is taken and let go -n times: plain, atomic, and atomic by -j tasks at once",
		.defaults = { .n = 10000000 },
	},
	[SCENARIO_server] = {
		.name = "server", .takes = "tbrj",
		.help = "HTTP on loopback: -r requests a second on -j connections for -t seconds, -b bytes for each",
		.defaults = { .duration_ns = 2 * SECOND, .tasks = 32, .block_bytes = MIB, .rate = 500 },
	},
	[SCENARIO_serve] = {
		.name = "serve", .takes = "bm", .modes = { "quick", "slow" },
		.help = "HTTP for load-bench, -b bytes for each request, until SIGTERM; slow: 50 ms for each 100th",
		.defaults = { .block_bytes = MIB }, .least_block_bytes = 8,
	},
};

#define X(name) run_##name,
int (*const scenario_run[N_SCENARIOS])(const struct options *options) = { SCENARIOS(X) };
#undef X

/* The letters, with the most that each takes */
static const struct {
	char letter;
	const char *what;
	double most;
} letters[] = {
	{ 'n', "N", 1e12 },    { 't', "SECONDS", 1e6 }, { 'j', "TASKS", 1e6 }, { 'l', "MIB", 1e6 },
	{ 'b', "BYTES", 1e9 }, { 'r', "RATE", 1e7 },	{ 'm', "MODE", 0 },    { 'p', "PROCS", 255 },
};
#define N_LETTERS (sizeof(letters) / sizeof(letters[0]))

/* How many of its modes this program has */
static int modes(const struct scenario *s)
{
	int n = 0;

	while (n < MOST_MODES && s->modes[n])
		n++;
	return program_native ? n : n - s->native_modes;
}

static void usage(FILE *f)
{
	fprintf(f, "usage: %s NAME", program_name);
	for (size_t i = 0; i < N_LETTERS; i++)
		fprintf(f, " [-%c %s]", letters[i].letter, letters[i].what);
	if (*program_letters)
		fprintf(f, " [-%s]", program_letters);
	fprintf(f, "\n  -p PROCS  how many tasks (%s) run at once\n", program_native ? "threads" : "goroutines");
	if (*program_letters_help)
		fprintf(f, "  %s\n", program_letters_help);
	for (int i = 0; i < N_SCENARIOS; i++) {
		const struct scenario *s = &scenarios[i];

		if (!scenario_run[i])
			continue;
		fprintf(f, "  %-9s %s (takes ", s->name, s->help);
		for (const char *c = s->takes; *c; c++)
			fprintf(f, "-%c ", *c);
		fprintf(f, "-p");
		for (int m = 0; m < modes(s); m++)
			fprintf(f, "%s%s", m ? " | " : "; -m ", s->modes[m]);
		fprintf(f, ")\n");
	}
}

_Noreturn __attribute__((format(printf, 1, 2))) static void wrong(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", program_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	usage(stderr);
	exit(2);
}

static double number(int letter, const char *text)
{
	double most = 0, x;
	char *end;

	for (size_t i = 0; i < N_LETTERS; i++)
		if (letters[i].letter == letter)
			most = letters[i].most;
	x = strtod(text, &end);
	if (end == text || *end || !(x > 0) || x > most)
		wrong("-%c %s: a number above 0 and up to %.15g is wanted", letter, text, most);
	/* a rate and a time may be fractions, all else is counted */
	if (!strchr("rt", letter) && x != (double)(int64_t)x)
		wrong("-%c %s: a whole number is wanted", letter, text);
	return x;
}

static void set(struct options *o, int letter, double x)
{
	switch (letter) {
	case 'n':
		o->n = x;
		o->n_given = true;
		break;
	case 't':
		o->duration_ns = x * SECOND < 1 ? 1 : x * SECOND;
		break;
	case 'j':
		o->tasks = x;
		break;
	case 'l':
		o->live_bytes = x * MIB;
		break;
	case 'b':
		o->block_bytes = x;
		break;
	case 'r':
		o->rate = x;
		break;
	case 'p':
		o->procs = x;
		break;
	}
}

static enum scenario_id find(const char *name)
{
	for (int i = 0; i < N_SCENARIOS; i++)
		if (scenario_run[i] && !strcmp(name, scenarios[i].name))
			return i;
	wrong("there is no scenario %s", name);
}

static void set_mode(const struct scenario *s, struct options *o, const char *name)
{
	for (o->mode = 0; o->mode < modes(s); o->mode++)
		if (!strcmp(name, s->modes[o->mode]))
			return;
	wrong("%s has no mode %s", s->name, name);
}

enum scenario_id scenario__parse(int argc, char **argv, struct options *options)
{
	const char *given[N_LETTERS] = { NULL };
	char spec[64];
	enum scenario_id id;
	int opt;

	snprintf(spec, sizeof(spec), "hn:t:j:l:b:r:m:p:%s", program_letters);
	while ((opt = getopt(argc, argv, spec)) != -1) {
		size_t i = 0;

		if (opt == 'h') {
			usage(stdout);
			exit(fflush(stdout) ? 1 : 0);
		}
		while (i < N_LETTERS && letters[i].letter != opt)
			i++;
		if (i < N_LETTERS)
			given[i] = optarg;
		else if (opt != '?' && strchr(program_letters, opt))
			program__letter(opt);
		else
			wrong("see below for the options");
	}
	if (optind + 1 != argc)
		wrong(optind < argc ? "one scenario at a time" : "which scenario?");
	id = find(argv[optind]);
	*options = scenarios[id].defaults;
	for (size_t i = 0; i < N_LETTERS; i++) {
		if (!given[i])
			continue;
		if (letters[i].letter != 'p' && !strchr(scenarios[id].takes, letters[i].letter))
			wrong("%s takes no -%c", scenarios[id].name, letters[i].letter);
		if (letters[i].letter == 'm')
			set_mode(&scenarios[id], options, given[i]);
		else
			set(options, letters[i].letter, number(letters[i].letter, given[i]));
	}
	if (program_native && !options->n_given && scenarios[id].native_n[options->mode])
		options->n = scenarios[id].native_n[options->mode];
	if (options->block_bytes < scenarios[id].least_block_bytes)
		wrong("%s takes -b from %lld on", scenarios[id].name, (long long)scenarios[id].least_block_bytes);
	if (scenarios[id].most_n && options->n > scenarios[id].most_n)
		wrong("%s takes -n up to %lld", scenarios[id].name, (long long)scenarios[id].most_n);
	options->mode_name = scenarios[id].modes[options->mode];
	return id;
}
