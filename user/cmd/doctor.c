// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cmd.h"
#include "feature.h"
#include "kernel_btf.h"
#include "util.h"

#define NAME_WIDTH  26
#define STATE_WIDTH 8
#define TEXT_WIDTH  62 /* so that lines stay under 100 columns */
#define LINE_WIDTH  99
#define INDENT	    (NAME_WIDTH + 1 + STATE_WIDTH + 2)

static void usage(FILE *to)
{
	fprintf(to, "usage: tare doctor [--json]\n\n"
		    "Tries each feature that tare can use on this kernel with these privileges, and says\n"
		    "what is lost without it and what would grant it.\n\n"
		    "  --json      as JSON (schema tare.doctor/1)\n"
		    "  -h, --help  this text\n\n"
		    "exit code: 0 if tare can record here, 3 if not\n");
}

/* Print @text after @label in the last column, broken between words. */
static void print_wrapped(const char *label, const char *text)
{
	int column = strlen(label), len;

	printf("%s", label);
	for (const char *word = text; *word; word += len + strspn(word + len, " ")) {
		len = strcspn(word, " ");
		if (word != text && column + 1 + len > TEXT_WIDTH) {
			printf("\n%*s", INDENT + (int)strlen(label), "");
			column = strlen(label);
		} else if (word != text) {
			putchar(' ');
			column++;
		}
		printf("%.*s", len, word);
		column += len;
	}
	putchar('\n');
}

static void print_feature(const struct feature_info *info, const struct feature_result *result)
{
	printf("%-*s %s", NAME_WIDTH, info->name, feature__state_name(result->state));
	if (result->reason[0])
		printf("%*s", STATE_WIDTH + 2 - (int)strlen(feature__state_name(result->state)), "");
	print_wrapped("", result->reason);
	if (result->state == FEATURE_WORKS)
		return;
	printf("%*s", INDENT, "");
	print_wrapped("lost: ", info->lost_without);
	printf("%*s", INDENT, "");
	print_wrapped("needs: ", info->granted_by);
}

/* A required feature is lacking unless known to work; any other, if known not to. */
static bool is_lacking(int id, const struct feature_result *result)
{
	return feature__info(id)->required ? result->state != FEATURE_WORKS : result->state == FEATURE_MISSING;
}

/*
 * The names of all features of @required that are lacking, on the rest of a line whose first @column columns are taken.
 */
static void print_names(const struct feature_result *results, bool required, int column)
{
	int left = 0, printed = 0;

	for (int id = 0; id < NR_FEATURES; id++) {
		const struct feature_info *info = feature__info(id);
		int len = strlen(info->name) + 2;

		if (info->required != required || !is_lacking(id, &results[id]))
			continue;
		if (left || column + len + (int)strlen(" and 99 more") > LINE_WIDTH) {
			left++;
			continue;
		}
		printf("%s%s", printed++ ? ", " : "", info->name);
		column += len;
	}
	if (left)
		printf(" and %d more", left);
	putchar('\n');
}

static int count_lacking(const struct feature_result *results, bool required)
{
	int n = 0;

	for (int id = 0; id < NR_FEATURES; id++)
		n += feature__info(id)->required == required && is_lacking(id, &results[id]);
	return n;
}

static void print_verdict(const struct feature_result *results)
{
	static const char *const cannot = "tare cannot record here; missing: ";
	static const char *const can = "tare can record here; not available: ";

	if (count_lacking(results, true)) {
		printf("%s", cannot);
		print_names(results, true, strlen(cannot));
	} else if (count_lacking(results, false)) {
		printf("%s", can);
		print_names(results, false, strlen(can));
	} else {
		printf("tare can record here; nothing is missing\n");
	}
}

static void print_section(const char *title, const struct feature_result *results, bool required)
{
	printf("\n%s\n", title);
	for (int id = 0; id < NR_FEATURES; id++) {
		if (feature__info(id)->required == required)
			print_feature(feature__info(id), &results[id]);
	}
}

static void print_table(const struct utsname *uts, const struct feature_result *results)
{
	printf("kernel %s, %s\n", uts->release, uts->machine);
	print_section("WHAT TARE NEEDS", results, true);
	print_section("WHAT IT CAN USE BESIDES", results, false);
	putchar('\n');
	print_verdict(results);
}

static json_t *feature_json(const struct feature_info *info, const struct feature_result *result)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:s?, s:s, s:s}", "id", info->id, "name", info->name, "state",
			 feature__state_name(result->state), "required", info->required, "reason",
			 result->reason[0] ? result->reason : NULL, "lost_without", info->lost_without, "granted_by",
			 info->granted_by);
}

static int print_json(const struct utsname *uts, const struct feature_result *results)
{
	json_t *features = json_array(), *missing = json_array(), *root;
	int err = 0;

	for (int id = 0; id < NR_FEATURES; id++) {
		const struct feature_info *info = feature__info(id);

		err |= json_array_append_new(features, feature_json(info, &results[id]));
		if (info->required && results[id].state != FEATURE_WORKS)
			err |= json_array_append_new(missing, json_string(info->id));
	}
	root = json_pack("{s:s, s:s, s:s, s:o, s:{s:b, s:o}}", "schema", "tare.doctor/1", "kernel", uts->release,
			 "arch", uts->machine, "features", features, "verdict", "can_record",
			 !count_lacking(results, true), "missing_required", missing);
	if (!root || err)
		err = -ENOMEM;
	else if (json_dumpf(root, stdout, JSON_INDENT(2)) || putchar('\n') == EOF)
		err = -EIO;
	json_decref(root);
	return err;
}

static int parse_options(int argc, char **argv, bool *json)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{},
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'j') {
			*json = true;
		} else if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		} else {
			err("doctor: no option %s; see tare doctor --help", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		err("doctor: takes no argument, but was given %s; see tare doctor --help", argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

static void try_all(struct feature_result *results)
{
	char took[16];

	for (int id = 0; id < NR_FEATURES; id++) {
		uint64_t start = now_ns();

		feature__probe(id, &results[id]);
		info("%s: tried in %s", feature__info(id)->id, fmt_ns(now_ns() - start, took));
	}
	kernel_btf__release();
}

int cmd_doctor(int argc, char **argv)
{
	struct feature_result results[NR_FEATURES] = {};
	struct utsname uts;
	bool json = false;
	int code;

	code = parse_options(argc, argv, &json);
	if (code >= 0)
		return code;
	if (uname(&uts)) {
		err("doctor: uname: %s", strerror(errno));
		return EXIT_FAILED;
	}
	try_all(results);

	code = 0;
	if (json)
		code = print_json(&uts, results);
	else
		print_table(&uts, results);
	if (code || fflush(stdout) || ferror(stdout)) {
		err("doctor: cannot write the result: %s", strerror(code == -ENOMEM ? ENOMEM : errno));
		return EXIT_FAILED;
	}
	return count_lacking(results, true) ? EXIT_MISSING : EXIT_OK;
}
