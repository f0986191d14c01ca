// SPDX-License-Identifier: BSD-2-Clause
/* tare claims: what is said of runtimes, beside what this machine shows. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claims.h"
#include "cmd.h"
#include "measure.h"
#include "workloads.h"
#include "show.h"
#include "util.h"

#define RUNS	   5
#define QUICK_RUNS 3

struct options {
	const char *table;
	unsigned runs; /* 0: not asked for */
	bool quick, list, json, html, details;
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare claims [options] [CLAIM...]\n\n"
		"Runs small programs in each language that there is a compiler for, under tare's own probes, and prints what is\n"
		"said of each, what this machine shows, and whether the claim holds. CLAIM is an id, a part of ids\n"
		"between hyphens, or a group; --list has them.\n\n"
		"      --list        the claims and their commands; runs nothing\n"
		"      --quick       only some of them, %d runs each: under a minute\n"
		"  -n, --runs N      runs of each program (%d; up to %d)\n"
		"      --details     of each program too: its command, and what its own clock says\n"
		"      --json        tare.claims/1, with the values of every run\n"
		"      --html        one page, with a chart for each claim\n"
		"      --table FILE  another table of claims\n"
		"  -h, --help        print this\n\n"
		"examples:\n"
		"  tare claims --quick\n"
		"  tare claims switch --details\n"
		"  tare claims --html > claims.html\n",
		QUICK_RUNS, RUNS, MOST_RUNS);
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	enum { LIST = 256, QUICK, DETAILS, JSON, HTML, TABLE };
	static const struct option longs[] = {
		{ "list", no_argument, NULL, LIST },
		{ "quick", no_argument, NULL, QUICK },
		{ "details", no_argument, NULL, DETAILS },
		{ "json", no_argument, NULL, JSON },
		{ "html", no_argument, NULL, HTML },
		{ "runs", required_argument, NULL, 'n' },
		{ "table", required_argument, NULL, TABLE },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char *end;
	int c;

	opterr = 0;
	*o = (struct options){ 0 };
	while ((c = getopt_long(argc, argv, "n:h", longs, NULL)) != -1) {
		switch (c) {
		case LIST:
			o->list = true;
			break;
		case QUICK:
			o->quick = true;
			break;
		case DETAILS:
			o->details = true;
			break;
		case JSON:
			o->json = true;
			break;
		case HTML:
			o->html = true;
			break;
		case TABLE:
			o->table = optarg;
			break;
		case 'n':
			o->runs = (unsigned)strtoul(optarg, &end, 10);
			if (*end || !o->runs || o->runs > MOST_RUNS) {
				err("claims: --runs takes a number from 1 to %d, not '%s'", MOST_RUNS, optarg);
				return EXIT_USAGE;
			}
			break;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			err("claims: no option %s, or it lacks its value; see tare claims --help", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (o->json && o->html) {
		err("claims: --json and --html both go to standard output: give one of them");
		return EXIT_USAGE;
	}
	if (!o->runs)
		o->runs = o->quick ? QUICK_RUNS : RUNS;
	return -1;
}

/* Without names all of them, or with --quick the quick ones. Returns an exit code. */
static int choose(struct claims *c, const struct options *o, char **names, int nr)
{
	for (size_t i = 0; !nr && i < c->nr_claims; i++)
		c->claims[i].chosen = !o->quick || c->claims[i].quick;
	for (int i = 0; i < nr; i++) {
		if (claims__choose(c, names[i]))
			continue;
		err("there is no claim '%s'; `tare claims --list` prints them", names[i]);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signo)
{
	interrupted = signo;
	workloads__end();
}

static void progress(unsigned run, unsigned of, const char *command)
{
	fprintf(stderr, "\r\033[K%u of %u: %.80s", run, of, command);
}

static int print(const struct showing *s, const struct options *o)
{
	int ret = 0;

	if (o->json)
		ret = show__json(s, stdout);
	else if (o->html)
		ret = show__html(s, stdout);
	else
		show__text(s, stdout);
	ret = ret ?: flush_all(stdout);
	if (!ret)
		return EXIT_OK;
	err("cannot write the claims: %s", strerror(-ret));
	return EXIT_FAILED;
}

static int list(const struct claims *c, const struct workloads *p)
{
	int ret;

	show__list(&(struct showing){ .claims = c, .path = p->path }, stdout);
	ret = flush_all(stdout);
	if (ret)
		err("cannot write the claims: %s", strerror(-ret));
	return ret ? EXIT_FAILED : EXIT_OK;
}

static int measure(struct claims *c, struct workloads *p, const struct options *o)
{
	struct measure_opts opts = { 0, o->runs, &interrupted, isatty(STDERR_FILENO) ? progress : NULL };
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = on_interrupt, .sa_flags = SA_RESETHAND | SA_RESTART };
	json_t *versions = json_object();
	struct noise noise;
	struct showing s = { c, &noise, versions, p->path, o->runs, o->details };
	int ret;

	if (geteuid())
		warn("claims are measured by `tare run`, which needs root or the capabilities that `man tare` lists");
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &act, NULL);
	noise__measure(&noise);
	opts.cpus = noise.cpus;
	ret = claims__measure(c, p, &opts, versions);
	if (opts.progress)
		fputs("\r\033[K", stderr);
	if (interrupted)
		warn("interrupted: what follows is of the runs until then");
	ret = ret ? EXIT_FAILED : print(&s, o);
	if (!ret && interrupted)
		ret = EXIT_SIGNAL + interrupted;
	json_decref(versions);
	return ret;
}

int cmd_claims(int argc, char **argv)
{
	struct claims claims = { 0 };
	struct workloads workloads = { 0 };
	struct options o;
	int code = parse(argc, argv, &o);

	if (code >= 0)
		return code;
	code = workloads__find(&workloads) || claims__read(&claims, o.table ?: workloads.table) ? EXIT_FAILED : EXIT_OK;
	if (!code)
		code = choose(&claims, &o, argv + optind, argc - optind);
	if (!code && o.list)
		code = list(&claims, &workloads);
	else if (!code)
		code = measure(&claims, &workloads, &o);
	claims__free(&claims);
	workloads__free(&workloads);
	return code;
}
