// SPDX-License-Identifier: BSD-2-Clause
/* `tare top`: a live view of processes; nothing is recorded. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "doctor_machine.h"
#include "session.h"
#include "options.h"
#include "top.h"
#include "top_term.h"
#include "util.h"

#define INTERVAL_MIN_NS 100000000ull
#define TEXT_COLUMNS	100
#define COUNTS		4 /* readings of counters between two screens: each screen is to have a new one */
#define COUNT_MAX_NS	NSEC_PER_SEC

enum { OPT_ONCE = OPT_OWN, OPT_VIEW, OPT_FILTER };

struct top_args {
	struct session_opts session;
	struct session_listener listener;
	struct top_opts top;
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare top [options] -p PID[,PID...] | --comm NAME | --cgroup PATH\n\n"
		"A live view, until q or Ctrl-C. Nothing is written to disk.\n\n"
		"  -p, --pid PID[,PID...]  these processes\n"
		"      --comm NAME         all processes of this name, and those that take it later\n"
		"      --cgroup PATH       all processes in this cgroup's folder and below, also later ones\n"
		"      --follow            their children too\n"
		"  -d, --delay TIME        between two screens: 1s, 500ms, ...; a bare number is seconds (1; at least 0.1)\n"
		"  -n N                    end after N screens\n"
		"  -b, --batch             print screens as text, for a file or another program; no keys, no colour\n"
		"      --once              the same as -b -n 1\n"
		"      --no-colour         none; the same as NO_COLOR in the environment\n"
		"      --view NAME         begin with this view:\n");
	for (int i = 0; i < NR_TOP_VIEWS; i++)
		fprintf(to, "          %-10s      %s\n", top_views[i].name, top_views[i].what);
	fprintf(to, "      --filter TEXT       only rows that contain it\n\nKeys:\n");
	for (const char *const *line = top_screen_help; *line; line++)
		fprintf(to, "  %s\n", *line);
}

static int parse_view(enum top_view_id *view)
{
	for (int i = 0; i < NR_TOP_VIEWS; i++)
		if (!strcmp(optarg, top_views[i].name)) {
			*view = i;
			return EXIT_OK;
		}
	return bad_value("--view", optarg, "one of those that tare top --help lists");
}

static int parse_option(int c, struct top_args *a)
{
	char *end;

	switch (c) {
	case 'd':
		if (parse_duration(optarg, &a->top.interval_ns) || a->top.interval_ns < INTERVAL_MIN_NS)
			return bad_value("-d", optarg, "a time of 100ms or more");
		return EXIT_OK;
	case 'n':
		a->top.screens = strtoul(optarg, &end, 10);
		return *optarg != '-' && !*end && a->top.screens ? EXIT_OK :
								   bad_value("-n", optarg, "a number of screens");
	case OPT_ONCE:
		a->top.screens = 1;
		a->top.text = true;
		return EXIT_OK;
	case 'b':
		a->top.text = true;
		return EXIT_OK;
	case 'C':
		a->top.colour = false;
		return EXIT_OK;
	case OPT_VIEW:
		return parse_view(&a->top.first.view);
	case OPT_FILTER:
		if (strlen(optarg) > TOP_FILTER_MAX)
			return bad_value("--filter", optarg, "at most 40 characters");
		strcpy(a->top.first.filter, optarg);
		return EXIT_OK;
	}
	err("see tare top --help");
	return EXIT_USAGE;
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct top_args *a)
{
	static const struct option longs[] = {
		TARGET_OPTIONS,
		{ "delay", required_argument, NULL, 'd' },
		{ "batch", no_argument, NULL, 'b' },
		{ "once", no_argument, NULL, OPT_ONCE },
		{ "no-colour", no_argument, NULL, 'C' },
		{ "no-color", no_argument, NULL, 'C' },
		{ "view", required_argument, NULL, OPT_VIEW },
		{ "filter", required_argument, NULL, OPT_FILTER },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const struct session_opts *o = &a->session;
	int c, ret;

	optind = 1;
	while ((c = getopt_long(argc, argv, "p:d:n:bh", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		}
		ret = parse_session_option(c, &a->session);
		ret = ret < 0 ? parse_option(c, a) : ret;
		if (ret)
			return ret;
	}
	if (optind == argc && !!o->pids.nr + !!o->comm + !!o->cgroup == 1)
		return a->top.text || !top_term__check() ? -1 : EXIT_USAGE;
	if (optind < argc)
		err("'%s' is not understood; see tare top --help", argv[optind]);
	else
		err("give the target by one of -p PID, --comm NAME, --cgroup PATH; see tare top --help");
	return EXIT_USAGE;
}

static int show(struct top_args *a)
{
	struct session_result result = { .wait_status = -1 };
	struct top *t;
	int ret = top__start(&a->top, &t), shown;

	if (ret) {
		err("cannot start a thread to draw: %s", strerror(-ret));
		return EXIT_FAILED;
	}
	a->listener = top__listener(t);
	a->session.listener = &a->listener;
	a->session.counts_ns = a->top.interval_ns / COUNTS < COUNT_MAX_NS ? a->top.interval_ns / COUNTS : COUNT_MAX_NS;
	ret = session_exit_code(session__record(&a->session, &result));
	shown = top__end(t);
	if (shown && shown != -ENOTTY)
		err("cannot write what it shows: %s", strerror(-shown));
	top__free(t);
	return ret ?: shown ? EXIT_FAILED : EXIT_OK;
}

int cmd_top(int argc, char **argv)
{
	const char *no_colour = getenv("NO_COLOR");
	struct top_args a = {
		.session = { .cmdline = "tare top", .machine = &doctor_machine },
		.top = { .interval_ns = NSEC_PER_SEC, .colour = !no_colour || !*no_colour },
	};
	int ret;

	top_screen__init(&a.top.first);
	a.top.first.columns = TEXT_COLUMNS;
	ret = parse(argc, argv, &a);
	if (ret < 0)
		ret = show(&a);
	free(a.session.pids.pids);
	return ret;
}
