// SPDX-License-Identifier: BSD-2-Clause
/* tare calibrate: what getting into a probe and out of it costs on this machine. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "calibration.h"
#include "cmd.h"
#include "kernel_btf.h"
#include "util.h"

#define MEASURED_MS 60000 /* on a very busy machine */

struct options {
	bool again, json;
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare calibrate [--again] [--json]\n\n"
		"What a probe costs whoever hits it, beside its program's run time, on this machine: measured once a\n"
		"boot with empty programs, in a process of tare's own, and kept in a file for recordings.\n\n"
		"      --again  measure now, whatever the file says\n"
		"      --json   as JSON (tare.calibration/1)\n"
		"  -h, --help   this text\n");
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "again", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		}
		if (c == '?') {
			err("calibrate: no option %s; see tare calibrate --help", argv[optind - 1]);
			return EXIT_USAGE;
		}
		*(c == 'a' ? &o->again : &o->json) = true;
	}
	if (optind == argc)
		return -1;
	err("calibrate: takes no argument, but was given %s; see tare calibrate --help", argv[optind]);
	return EXIT_USAGE;
}

static const char *when(const struct calibration *c, char text[32])
{
	time_t at = c->measured_s;
	struct tm tm;

	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
	return text;
}

static void print_table(const struct calibration *c)
{
	char at[32], path[512];
	const char *file = calibration__path(path, sizeof(path));

	printf("%-44s%12s %14s %14s\n", "ns a hit of an empty program", "it costs", "told as its", "and so beside");
	printf("%-44s%12s %14s %14s\n", "", "whoever hits", "run time", "its run time");
	for (int i = 0; i < NR_ENTRIES; i++) {
		const struct calibrated *of = &c->of[i];

		printf("  %-42s", calibration__what(i));
		if (of->known)
			printf("%12.1f %14.1f %14.1f\n", of->hit_ns, of->told_ns, calibration__entry_ns(c, i));
		else
			printf("%12s\n", "not known");
	}
	printf("measured %s%s%s\n", when(c, at), c->cached ? ", kept in " : "", c->cached && file ? file : "");
}

static int print_json(const struct calibration *c)
{
	json_t *ways = json_object(), *root;
	char at[32];
	int ret = 0;

	for (int i = 0; i < NR_ENTRIES; i++) {
		const struct calibrated *of = &c->of[i];

		json_object_set_new(ways, calibration__name(i),
				    of->known ? json_pack("{s:f, s:f, s:f}", "hit_ns", of->hit_ns, "told_ns",
							  of->told_ns, "entry_ns", calibration__entry_ns(c, i)) :
						json_null());
	}
	root = json_pack("{s:s, s:b, s:s, s:o}", "schema", "tare.calibration/1", "cached", c->cached, "measured",
			 when(c, at), "ways", ways);
	if (!root || json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) || putchar('\n') == EOF)
		ret = -EIO;
	json_decref(root);
	return ret;
}

int cmd_calibrate(int argc, char **argv)
{
	struct options o = { 0 };
	struct calibration c;
	int code = parse(argc, argv, &o), ret;

	if (code >= 0)
		return code;
	ret = calibration__begin(&c, o.again) ?: calibration__collect(&c, MEASURED_MS);
	kernel_btf__release();
	if (ret) {
		err("calibrate: no BPF program can be tried here: %s; see tare doctor", strerror(-ret));
		return ret == -EPERM || ret == -EACCES ? EXIT_MISSING : EXIT_FAILED;
	}
	if (!o.json)
		print_table(&c);
	ret = o.json ? print_json(&c) : 0;
	if (ret)
		err("calibrate: cannot write the result");
	return ret ? EXIT_FAILED : EXIT_OK;
}
