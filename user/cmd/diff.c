// SPDX-License-Identifier: BSD-2-Clause
/* tare diff: two recordings side by side. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "diff.h"
#include "report.h"
#include "util.h"

struct options {
	const char *path[2];
	double per[2];
	bool json;
};

enum { OPT_PER = 256, OPT_JSON };

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare diff [options] A B\n\n"
		"Compares two recordings, and says which differences are more than noise: larger than what the seconds of\n"
		"each recording, and the number of its samples, vary by.\n\n"
		"      --per N[,M]  figures for each of the N requests (or whatever was done) in A, and M in B (N too),\n"
		"                   not for each second\n"
		"      --json       as JSON (tare.diff/1)\n"
		"  -h, --help       print this\n");
}

static bool parse_per(const char *arg, double per[2])
{
	char *end;

	per[0] = per[1] = strtod(arg, &end);
	if (*end == ',')
		per[1] = strtod(end + 1, &end);
	return !*end && per[0] > 0 && per[1] > 0 && isfinite(per[0]) && isfinite(per[1]);
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "per", required_argument, NULL, OPT_PER },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	optind = 1;
	*o = (struct options){ 0 };
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case OPT_PER:
			if (parse_per(optarg, o->per))
				break;
			err("diff: --per takes a number above 0, or two (N,M), not '%s'", optarg);
			return EXIT_USAGE;
		case OPT_JSON:
			o->json = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			err("diff: no option %s, or it lacks its value; see tare diff --help", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (argc - optind != 2) {
		err("diff: takes two recordings; see tare diff --help");
		return EXIT_USAGE;
	}
	o->path[0] = argv[optind];
	o->path[1] = argv[optind + 1];
	return -1;
}

static int print(const struct options *o, const struct diff_side sides[2])
{
	int ret = 0;

	if (o->json)
		ret = report__diff_json(sides, stdout);
	else
		report__diff(sides, stdout);
	ret = ret ?: flush_all(stdout);
	if (!ret)
		return EXIT_OK;
	err("cannot write the comparison: %s", strerror(-ret));
	return EXIT_FAILED;
}

int cmd_diff(int argc, char **argv)
{
	struct model *models[2] = { NULL };
	struct diff_side sides[2];
	struct options o;
	int code = parse(argc, argv, &o);

	if (code >= 0)
		return code;
	code = EXIT_FAILED;
	for (unsigned i = 0; i < 2; i++) {
		models[i] = model__new();
		if (!models[i]) {
			err("no memory for %s", o.path[i]);
			goto cleanup;
		}
		if (report__read(o.path[i], models[i]))
			goto cleanup;
		sides[i] = (struct diff_side){ models[i], o.per[i] };
	}
	code = print(&o, sides);
cleanup:
	model__free(models[0]);
	model__free(models[1]);
	return code;
}
