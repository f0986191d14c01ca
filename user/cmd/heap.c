// SPDX-License-Identifier: BSD-2-Clause
/* tare heap: what a live process has allocated and where, as its runtime samples it. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "heap_report.h"
#include "util.h"

#define SHOWN 20

struct options {
	pid_t pid;
	bool json, top_given;
	struct heap_report_opts report;
};

enum { OPT_TOP = 256, OPT_JSON, OPT_ALLOC, OPT_INUSE, OPT_STACKS, OPT_ALL };

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare heap -p PID [options]\n\n"
		"What the process has allocated, and what of that is in use, by the lines that allocated it: the samples that\n"
		"its runtime takes by itself, read from its memory. It is not stopped, and nothing is attached to it.\n\n"
		"  -p, --pid PID  the process\n"
		"      --inuse    the largest by what is in use first (as if not given)\n"
		"      --alloc    .. by what was allocated since it began\n"
		"      --top N    how many sites to print (%d; 0: all; with --json all)\n"
		"      --all      all of them\n"
		"      --stacks   with the stacks of each site, the largest first\n"
		"      --json     as JSON (tare.heap/1), also with all stacks and the samples themselves\n"
		"  -h, --help     print this\n",
		SHOWN);
}

static int bad(const char *option, const char *value, const char *want)
{
	err("heap: %s takes %s, not '%s'", option, want, value);
	return EXIT_USAGE;
}

static int parse_number(const char *s, long max, long *n)
{
	char *end;

	errno = 0;
	*n = strtol(s, &end, 10);
	return *end || end == s || errno || *n < 0 || *n > max ? -EINVAL : 0;
}

/* Returns EXIT_OK or EXIT_USAGE. */
static int parse_option(int c, char **argv, struct options *o)
{
	long n;

	switch (c) {
	case 'p':
		if (parse_number(optarg, INT32_MAX, &n) || !n)
			return bad("-p", optarg, "one process id");
		o->pid = n;
		return EXIT_OK;
	case OPT_TOP:
		if (parse_number(optarg, INT32_MAX, &n))
			return bad("--top", optarg, "a number");
		o->report.top = n;
		o->top_given = true;
		return EXIT_OK;
	case OPT_JSON:
		o->json = true;
		return EXIT_OK;
	case OPT_ALLOC:
	case OPT_INUSE:
		o->report.by_alloc = c == OPT_ALLOC;
		return EXIT_OK;
	case OPT_ALL:
		o->report.top = 0;
		o->top_given = true;
		return EXIT_OK;
	case OPT_STACKS:
		o->report.stacks = true;
		return EXIT_OK;
	}
	err("heap: no option %s, or it lacks its value; see tare heap --help", argv[optind - 1]);
	return EXIT_USAGE;
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "pid", required_argument, NULL, 'p' },
		{ "top", required_argument, NULL, OPT_TOP },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "alloc", no_argument, NULL, OPT_ALLOC },
		{ "inuse", no_argument, NULL, OPT_INUSE },
		{ "stacks", no_argument, NULL, OPT_STACKS },
		{ "all", no_argument, NULL, OPT_ALL },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, ret;

	opterr = 0;
	optind = 1;
	*o = (struct options){ 0 };
	while ((c = getopt_long(argc, argv, "p:h", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		}
		ret = parse_option(c, argv, o);
		if (ret)
			return ret;
	}
	if (!o->pid || optind < argc) {
		err("heap: give one process by -p PID; see tare heap --help");
		return EXIT_USAGE;
	}
	if (!o->top_given && !o->json)
		o->report.top = SHOWN;
	return -1;
}

static int print(const struct options *o, const struct heap_taken *t)
{
	struct heap_sites sites;
	int ret = heap_sites__of(&sites, t, o->report.by_alloc ? HEAP_ALLOC : HEAP_INUSE);

	if (!ret && o->json)
		ret = report__heap_json(&sites, &o->report, stdout);
	else if (!ret)
		report__heap(&sites, &o->report, stdout);
	ret = ret ?: flush_all(stdout);
	heap_sites__free(&sites);
	if (!ret)
		return EXIT_OK;
	err("heap: cannot write the result: %s", strerror(-ret));
	return EXIT_FAILED;
}

static int exit_code(int ret)
{
	return ret == -ESRCH ? EXIT_NO_TARGET : ret == -ENODATA || ret == -EPERM ? EXIT_MISSING : EXIT_FAILED;
}

int cmd_heap(int argc, char **argv)
{
	struct heap_taken taken;
	struct options o;
	int code = parse(argc, argv, &o), ret;

	if (code >= 0)
		return code;
	ret = heap_taken__take(&taken, o.pid);
	if (ret) {
		err("process %d: its heap profile cannot be read: %s", o.pid, taken.problem);
		code = exit_code(ret);
	} else {
		if (taken.heap.nr_torn)
			warn("the process published new figures each time that these were read: %zu of %zu stacks may be as of "
			     "another collection than the rest",
			     taken.heap.nr_torn, taken.heap.nr);
		code = print(&o, &taken);
	}
	heap_taken__free(&taken);
	return code;
}
