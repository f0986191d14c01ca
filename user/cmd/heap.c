// SPDX-License-Identifier: BSD-2-Clause
/* tare heap: what a process has allocated and where, as its runtime samples it; live, or as a recording has it. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "heap.h"
#include "heap_report.h"
#include "process.h"
#include "recorded_heap.h"
#include "report.h"
#include "util.h"

#define SHOWN	   20
#define BETWEEN_NS (10 * NSEC_PER_SEC)
#define WORTH_NS   (NSEC_PER_SEC / 100) /* an age is told from here on */

struct options {
	const char *in; /* NULL: the live process */
	pid_t pid;	/* 0: of a recording, the one that has allocated most */
	uint64_t between_ns;
	bool json, top_given, diff;
	struct heap_report_opts report;
};

enum { OPT_TOP = 256, OPT_JSON, OPT_ALLOC, OPT_INUSE, OPT_STACKS, OPT_ALL, OPT_DIFF };

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare heap -p PID [options]\n"
		"       tare heap -i FILE [-p PID] [options]\n\n"
		"What a process has allocated, and what of that is in use, by the lines that allocated it: the samples that its\n"
		"runtime takes by itself, read from its memory. A live process is not stopped, and nothing is attached to it. Of\n"
		"a recording, the last reading is told.\n\n"
		"  -p, --pid PID      the process; of a recording, if not given, the one that has allocated most\n"
		"  -i, --input FILE   a recording, - for standard input\n"
		"      --diff[=TIME]  what has changed: in a live process within TIME (10s), in a recording since its beginning\n"
		"      --inuse        the largest by what is in use first (as if not given)\n"
		"      --alloc        .. by what was allocated since it began\n"
		"      --top N        how many sites to print (%d; 0: all; with --json all)\n"
		"      --all          all of them\n"
		"      --stacks       with the stacks of each site, the largest first\n"
		"      --json         as JSON (tare.heap/1), also with all stacks and the samples themselves\n"
		"  -h, --help         print this\n",
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
	case 'i':
		o->in = optarg;
		return EXIT_OK;
	case OPT_DIFF:
		o->diff = true;
		if (optarg && (parse_duration(optarg, &o->between_ns) || !o->between_ns))
			return bad("--diff", optarg, "a time such as 10s or 500ms");
		return EXIT_OK;
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
		{ "input", required_argument, NULL, 'i' },
		{ "diff", optional_argument, NULL, OPT_DIFF },
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
	while ((c = getopt_long(argc, argv, "p:i:h", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		}
		ret = parse_option(c, argv, o);
		if (ret)
			return ret;
	}
	if (optind < argc) {
		err("heap: what is '%s'? A time is given as --diff=TIME; see tare heap --help", argv[optind]);
		return EXIT_USAGE;
	}
	if (!o->pid && !o->in) {
		err("heap: give one process by -p PID, or a recording by -i FILE; see tare heap --help");
		return EXIT_USAGE;
	}
	if (o->in && o->between_ns) {
		err("heap: a recording has one beginning: --diff takes no time with -i");
		return EXIT_USAGE;
	}
	o->between_ns = o->between_ns ?: BETWEEN_NS;
	if (!o->top_given && !o->json)
		o->report.top = SHOWN;
	return -1;
}

static int print(const struct options *o, const struct heap_named *now, const struct heap_named *since)
{
	struct heap_sites sites;
	int ret = heap_sites__of(&sites, now, since, o->report.by_alloc ? HEAP_ALLOC : HEAP_INUSE);

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

/* ---- a live process ---- */

static int exit_code(int ret)
{
	return ret == -ESRCH ? EXIT_NO_TARGET : ret == -ENODATA || ret == -EPERM ? EXIT_MISSING : EXIT_FAILED;
}

static int take(struct heap_taken *t, pid_t pid)
{
	int ret = heap_taken__take(t, pid);

	if (ret) {
		err("process %d: its heap profile cannot be read: %s", pid, t->problem);
		return exit_code(ret);
	}
	if (t->named.heap.nr_torn)
		warn("the process published new figures each time that these were read: %zu of %zu stacks may be as of "
		     "another collection than the rest",
		     t->named.heap.nr_torn, t->named.heap.nr);
	return EXIT_OK;
}

static int live(const struct options *o)
{
	struct heap_taken first, now;
	int code = take(&first, o->pid);

	if (code || !o->diff) {
		code = code ?: print(o, &first.named, NULL);
	} else {
		sleep_ns(o->between_ns);
		code = take(&now, o->pid);
		if (!code && !process_runtime__is_current(&first.from)) {
			err("process %d runs another program now: there is nothing to compare it with", o->pid);
			code = EXIT_NO_TARGET;
		}
		code = code ?: print(o, &now.named, &first.named);
		heap_taken__free(&now);
	}
	heap_taken__free(&first);
	return code;
}

/* ---- a recording ---- */

static int none(const struct options *o, const struct model *m)
{
	const char *why = report__no_heap(m, o->pid);
	char text[400];

	if (o->pid && !why)
		err("%s has no heap profile of process %d", o->in, o->pid);
	else if (!why)
		err("%s has no heap profile: no process in it had a runtime that samples its allocations", o->in);
	else
		err("%s has no heap profile: %s", o->in, sanitize(why, strlen(why), text, sizeof(text)));
	return EXIT_MISSING;
}

static int print_of(const struct options *o, const struct model *m, const struct heap_readings_of *of)
{
	struct options with = *o;
	struct recorded_heap heap;
	int ret = recorded_heap__of(&heap, m, of), code = EXIT_FAILED;
	uint32_t pid = process__pid(of->process);
	const char *why = report__no_heap(m, pid);
	char text[400];

	with.report.age_ns = m->end_ns > heap.ts_ns + WORTH_NS ? m->end_ns - heap.ts_ns : 0;
	if (!ret && with.report.age_ns && why)
		warn("it could not be read any more: %s", sanitize(why, strlen(why), text, sizeof(text)));
	if (ret) {
		err("no memory for the heap profile of process %u", pid);
	} else if (o->diff && !heap.has_begin) {
		err("%s has the heap of process %u only %s", o->in, pid,
		    heap.is_begin ? "as it was when the recording began" :
				    "once, and not from when the recording began");
		code = EXIT_MISSING;
	} else {
		code = print(&with, &heap.now, o->diff ? &heap.begin : NULL);
	}
	recorded_heap__free(&heap);
	return code;
}

static int recorded(const struct options *o)
{
	struct model *m = model__new();
	const struct heap_readings_of *of;
	int code;

	if (!m) {
		err("no memory to read %s", o->in);
		return EXIT_FAILED;
	}
	if (report__read(o->in, m)) {
		model__free(m);
		return EXIT_FAILED;
	}
	of = report__heap_of(m, o->pid);
	if (!of) {
		code = none(o, m);
	} else {
		if (!o->pid && m->heaps.nr > 1)
			warn("%zu processes have a heap profile; this is of process %u: -p PID shows another",
			     m->heaps.nr, process__pid(of->process));
		code = print_of(o, m, of);
	}
	model__free(m);
	return code;
}

int cmd_heap(int argc, char **argv)
{
	struct options o;
	int code = parse(argc, argv, &o);

	o.report.all_by = "--top 0 prints all";
	return code >= 0 ? code : o.in ? recorded(&o) : live(&o);
}
