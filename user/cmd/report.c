// SPDX-License-Identifier: BSD-2-Clause
/* tare report: what a recording says, for people or as JSON. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cmd.h"
#include "export_input.h"
#include "page.h"
#include "report.h"
#include "util.h"

struct options {
	const char *in, *histogram;
	bool json, html, strict;
	struct report_opts report;
};

enum { OPT_THREADS = 256, OPT_JSON, OPT_HTML, OPT_HISTOGRAM, OPT_STRICT, OPT_ALL, OPT_PROBES, OPT_PROCESSES };

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare report [-i FILE] [options]\n\n"
		"  -i, --input FILE      the recording, - for standard input (default: " TARE_DEFAULT_FILE ")\n"
		"      --threads         thread by thread too\n"
		"      --processes       process by process, also where there is but one\n"
		"      --probes          what each probe cost too\n"
		"      --all             every row of each table, not only the first ones\n"
		"      --histogram NAME  draw another distribution than run-queue; one of:\n"
		"                        %s\n"
		"      --json            all of it as JSON (tare.report/1)\n"
		"      --html            one page with charts, flame graphs and a timeline; it opens offline\n"
		"      --strict          exit 1 where anything was lost, damaged or cut off\n"
		"  -h, --help            print this\n\n"
		"Percentiles are within 1/64 (1.6 %%) of the true value; counts, totals and maxima are exact.\n",
		report__distribution_names());
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "input", required_argument, NULL, 'i' },
		{ "threads", no_argument, NULL, OPT_THREADS },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "html", no_argument, NULL, OPT_HTML },
		{ "histogram", required_argument, NULL, OPT_HISTOGRAM },
		{ "strict", no_argument, NULL, OPT_STRICT },
		{ "all", no_argument, NULL, OPT_ALL },
		{ "processes", no_argument, NULL, OPT_PROCESSES },
		{ "probes", no_argument, NULL, OPT_PROBES },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	optind = 1;
	*o = (struct options){ .in = TARE_DEFAULT_FILE };
	while ((c = getopt_long(argc, argv, "i:h", longs, NULL)) != -1) {
		switch (c) {
		case 'i':
			o->in = optarg;
			break;
		case OPT_THREADS:
			o->report.threads = true;
			break;
		case OPT_JSON:
			o->json = true;
			break;
		case OPT_HTML:
			o->html = true;
			break;
		case OPT_HISTOGRAM:
			o->histogram = optarg;
			break;
		case OPT_STRICT:
			o->strict = true;
			break;
		case OPT_ALL:
			o->report.all = true;
			break;
		case OPT_PROCESSES:
			o->report.processes = true;
			break;
		case OPT_PROBES:
			o->report.probes = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			err("report: no option %s, or it lacks its value; see tare report --help", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (o->json && o->html) {
		err("report: --json or --html, not both");
		return EXIT_USAGE;
	}
	if (optind == argc)
		return -1;
	err("report: takes no argument, but was given %s; name a recording with -i", argv[optind]);
	return EXIT_USAGE;
}

/* @path: the recording, to be read again. */
static int print(const struct model *m, const struct options *o, const char *path)
{
	int ret = 0;

	if (o->json)
		ret = report__json(m, stdout);
	else if (o->html)
		ret = report__page(m, path, &(struct page_opts){ 0 }, stdout);
	else
		report__text(m, stdout, &o->report);
	ret = ret ?: flush_all(stdout);
	if (!ret)
		return EXIT_OK;
	err("cannot write the report: %s", strerror(-ret));
	return EXIT_FAILED;
}

int cmd_report(int argc, char **argv)
{
	struct export_input in = { 0 };
	struct options o;
	struct model *m;
	int code = parse(argc, argv, &o);

	if (code >= 0)
		return code;
	in.path = o.in;
	if (export_input__open(&in, o.html))
		return EXIT_FAILED;
	m = model__new();
	if (!m) {
		err("no memory for a report");
		return EXIT_FAILED;
	}
	if (o.histogram) {
		o.report.histogram = report__distribution(m, o.histogram, &o.report.histogram_title);
		if (!o.report.histogram) {
			err("there is no distribution '%s'; there are: %s", o.histogram, report__distribution_names());
			code = EXIT_USAGE;
			goto cleanup;
		}
	}
	code = EXIT_FAILED;
	if (report__read(in.path, m))
		goto cleanup;
	code = print(m, &o, in.path);
	if (code == EXIT_OK && o.strict && model__is_incomplete(m)) {
		err("%s is not complete: see the lines with ! (or \"lost\", \"damage\" and \"ended\" in JSON)", o.in);
		code = EXIT_FAILED;
	}
cleanup:
	model__free(m);
	export_input__close(&in);
	return code;
}
