// SPDX-License-Identifier: BSD-2-Clause
/* tare goroutines: all goroutines of a live process, read from its memory while it runs on. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "goroutine_report.h"
#include "proc.h"
#include "util.h"

#define LONGEST 10

struct options {
	pid_t pid;
	uint64_t again_ns; /* 0: one look */
	unsigned long longest;
	bool json;
	struct goroutines_report report;
};

enum { OPT_STACKS = 256, OPT_LONGEST, OPT_AGAIN, OPT_SYSTEM, OPT_ALL, OPT_JSON };

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare goroutines -p PID [options]\n\n"
		"  -p, --pid PID       the process\n"
		"      --stacks        each group with its whole stack, not just a line\n"
		"      --longest N     how many of the longest waits to list (default: %d; 0: none)\n"
		"      --again TIME    look again after TIME, and say what has changed and what has not run since\n"
		"      --system        the runtime's own goroutines, too\n"
		"      --all           all groups, not just the largest\n"
		"      --json          as JSON (tare.goroutines/1): all groups with their stacks\n"
		"  -h, --help          print this\n\n"
		"Goroutines in the same state at the same place are one group. Nothing is stopped or written: one that\n"
		"changes each time it is read is counted as torn. One that runs has no parked stack.\n"
		"at least   the longest wait in the group. Only the collector notes waits: until it has come by twice, it\n"
		"           is unknown, unless --again shows it\n",
		LONGEST);
}

static bool parse_number(const char *arg, unsigned long max, unsigned long *n)
{
	char *end;

	errno = 0;
	*n = strtoul(arg, &end, 10);
	return !errno && end != arg && !*end && arg[0] != '-' && *n <= max;
}

static int refuse(const char *what, const char *arg)
{
	err("goroutines: %s, not '%s'", what, arg);
	return EXIT_USAGE;
}

static int parse_option(int c, const char *given, struct options *o)
{
	unsigned long n;

	switch (c) {
	case 'p':
		if (!parse_number(optarg, INT32_MAX, &n) || !n)
			return refuse("-p takes the id of one process", optarg);
		o->pid = n;
		return EXIT_OK;
	case OPT_LONGEST:
		return parse_number(optarg, 1000000, &o->longest) ?
			       EXIT_OK :
			       refuse("--longest takes a number up to 1000000", optarg);
	case OPT_AGAIN:
		return parse_duration(optarg, &o->again_ns) ?
			       refuse("--again takes a time such as 10s or 500ms", optarg) :
			       EXIT_OK;
	case OPT_STACKS:
		o->report.stacks = true;
		return EXIT_OK;
	case OPT_SYSTEM:
		o->report.system = true;
		return EXIT_OK;
	case OPT_ALL:
		o->report.all = true;
		return EXIT_OK;
	case OPT_JSON:
		o->json = true;
		return EXIT_OK;
	default:
		err("goroutines: no option %s, or it lacks its value; see tare goroutines --help", given);
		return EXIT_USAGE;
	}
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "pid", required_argument, NULL, 'p' },
		{ "stacks", no_argument, NULL, OPT_STACKS },
		{ "longest", required_argument, NULL, OPT_LONGEST },
		{ "again", required_argument, NULL, OPT_AGAIN },
		{ "system", no_argument, NULL, OPT_SYSTEM },
		{ "all", no_argument, NULL, OPT_ALL },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, code;

	opterr = 0;
	optind = 1;
	*o = (struct options){ .longest = LONGEST };
	while ((c = getopt_long(argc, argv, "p:h", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		}
		code = parse_option(c, argv[optind - 1], o);
		if (code != EXIT_OK)
			return code;
	}
	if (optind != argc) {
		err("goroutines: takes no argument, but was given %s; name the process with -p", argv[optind]);
		return EXIT_USAGE;
	}
	if (!o->pid) {
		err("goroutines: no process is given; name it with -p PID");
		return EXIT_USAGE;
	}
	return -1;
}

static bool has_goroutines(const struct runtime *rt)
{
	return rt->goroutines;
}

static int look(struct process_runtime *from, struct goroutine_stacks *stacks, struct goroutines *all)
{
	int ret;

	*all = (struct goroutines){ .stacks = stacks };
	ret = from->runtime->goroutines(from->self, all);
	if (!ret)
		return EXIT_OK;
	err("process %d: its goroutines cannot be read: %s", from->prog.pid,
	    all->problem[0] ? all->problem :
	    ret == -ESRCH   ? "it has ended" :
	    ret == -EAGAIN  ? "its runtime has not begun yet" :
	    ret == -EPERM   ? "its memory may not be read: become its user or root, or get CAP_SYS_PTRACE" :
			      strerror(-ret));
	return ret == -ESRCH ? EXIT_NO_TARGET : ret == -EPERM ? EXIT_MISSING : EXIT_FAILED;
}

static int print(const struct options *o)
{
	int ret = 0;

	if (o->json)
		ret = report__goroutines_json(&o->report, stdout);
	else
		report__goroutines(&o->report, stdout);
	ret = ret ?: flush_all(stdout);
	if (!ret)
		return EXIT_OK;
	err("cannot write the goroutines: %s", strerror(-ret));
	return EXIT_FAILED;
}

/* With one in the middle, which shows what has run meanwhile. */
static int look_again(const struct options *o, struct process_runtime *from, struct goroutines *first,
		      struct goroutines *now)
{
	struct goroutines middle;
	int code;

	sleep_ns(o->again_ns / 2);
	code = look(from, first->stacks, &middle);
	if (code == EXIT_OK && goroutines__narrow(first, &middle)) {
		err("process %d: no memory for its %zu goroutines", o->pid, middle.nr);
		code = EXIT_FAILED;
	}
	goroutines__free(&middle);
	if (code != EXIT_OK)
		return code;
	sleep_ns(o->again_ns - o->again_ns / 2);
	code = look(from, first->stacks, now);
	if (code == EXIT_OK && !process_runtime__is_current(from)) {
		err("process %d runs another program now: there is nothing to compare it with", o->pid);
		code = EXIT_NO_TARGET;
	}
	return code;
}

static int look_and_print(const struct options *o, struct process_runtime *from)
{
	struct options with = *o;
	struct goroutines first = { 0 }, now = { 0 };
	struct goroutine_groups groups = { 0 };
	struct goroutine_stacks stacks;
	int code;

	goroutine_stacks__init(&stacks);
	code = look(from, &stacks, o->again_ns ? &first : &now);
	if (code == EXIT_OK && o->again_ns)
		code = look_again(o, from, &first, &now);
	if (code == EXIT_OK && goroutine_groups__of(&groups, o->again_ns ? &first : NULL, &now, o->longest)) {
		err("process %d: no memory for its %zu goroutines", o->pid, now.nr);
		code = EXIT_FAILED;
	}
	with.report.from = from;
	with.report.first = o->again_ns ? &first : NULL;
	with.report.now = &now;
	with.report.groups = &groups;
	if (code == EXIT_OK)
		code = print(&with);
	goroutine_groups__free(&groups);
	goroutines__free(&first);
	goroutines__free(&now);
	goroutine_stacks__free(&stacks);
	return code;
}

int cmd_goroutines(int argc, char **argv)
{
	struct process_runtime from;
	struct options o;
	int code = parse(argc, argv, &o), ret;
	char why[400];

	if (code >= 0)
		return code;
	ret = process_runtime__open(&from, o.pid, has_goroutines, why, sizeof(why));
	if (ret) {
		err("process %d: its goroutines cannot be read: %s", o.pid, why);
		code = ret == -ESRCH ? EXIT_NO_TARGET : ret == -EPERM || ret == -ENODATA ? EXIT_MISSING : EXIT_FAILED;
	} else {
		proc__comm(o.pid, o.report.comm);
		code = look_and_print(&o, &from);
	}
	process_runtime__close(&from);
	return code;
}
