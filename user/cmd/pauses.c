// SPDX-License-Identifier: BSD-2-Clause
/* tare pauses: each stop-the-world pause of a recording, and why it took so long. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd.h"
#include "export_input.h"
#include "page.h"
#include "pauses.h"
#include "report.h"
#include "util.h"

#define SHOWN 10

#define NAMED_REASONS 24

/* What the options leave out, to say what there is if they leave out everything. */
struct seen {
	char reasons[NAMED_REASONS][64];
	unsigned nr_reasons;
	bool more_reasons;
	uint64_t since_ns; /* since the recording's begin until the last pause with the reason asked for began */
	uint64_t pauses, with_reason;
};

struct options {
	const char *in, *reason;
	uint64_t since_ns;
	bool json, html;
	struct pauses_opts report;
	struct model *m;
	struct seen seen;
};

enum { OPT_LONGEST = 256, OPT_REASON, OPT_SINCE, OPT_JSON, OPT_HTML };

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare pauses [-i FILE] [options]\n\n"
		"  -i, --input FILE      the recording, - for standard input (default: " TARE_DEFAULT_FILE ")\n"
		"      --longest N       how many to print, the longest ones first (default: %d; 0: up to %d)\n"
		"      --reason REASON   only these: the reason as printed, a part of it, or its number\n"
		"      --since TIME      only those that began later than this after the recording's begin\n"
		"      --json            as JSON (tare.pauses/1): all that --longest lets, each with its chain\n"
		"      --html            one page, as tare report --html, with the pauses first; --longest says how many are\n"
		"                        drawn thread by thread (default: %d; at most %d)\n"
		"  -h, --help            print this\n\n"
		"world     from the request to stop until the last stopped thread that had work runs again\n"
		"stopping  from the request until all stand; stopped: the work; restart: until each runs\n"
		"The causes of a pause sum to its world time; what no evidence explains is `unexplained'.\n",
		SHOWN, PAUSES_KEEP, PAGE_LANES, PAGE_LANES_MAX);
}

static int parse_longest(const char *arg, uint32_t *n)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(arg, &end, 10);
	if (errno || end == arg || *end || arg[0] == '-' || value > UINT32_MAX)
		return -EINVAL;
	*n = value;
	return 0;
}

static int parse_option(int c, const char *given, struct options *o)
{
	switch (c) {
	case 'i':
		o->in = optarg;
		return EXIT_OK;
	case OPT_LONGEST:
		if (!parse_longest(optarg, &o->report.longest))
			return EXIT_OK;
		err("pauses: --longest takes a number, not '%s'", optarg);
		return EXIT_USAGE;
	case OPT_REASON:
		o->reason = optarg;
		return EXIT_OK;
	case OPT_SINCE:
		if (!parse_duration(optarg, &o->since_ns))
			return EXIT_OK;
		err("pauses: --since takes a time such as 10s or 500ms, not '%s'", optarg);
		return EXIT_USAGE;
	case OPT_JSON:
		o->json = true;
		return EXIT_OK;
	case OPT_HTML:
		o->html = true;
		return EXIT_OK;
	default:
		err("pauses: no option %s, or it lacks its value; see tare pauses --help", given);
		return EXIT_USAGE;
	}
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "input", required_argument, NULL, 'i' },
		{ "longest", required_argument, NULL, OPT_LONGEST },
		{ "reason", required_argument, NULL, OPT_REASON },
		{ "since", required_argument, NULL, OPT_SINCE },
		{ "json", no_argument, NULL, OPT_JSON },
		{ "html", no_argument, NULL, OPT_HTML },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool has_longest = false;
	int c, code;

	opterr = 0;
	optind = 1;
	*o = (struct options){ .in = TARE_DEFAULT_FILE };
	while ((c = getopt_long(argc, argv, "i:h", longs, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		}
		has_longest |= c == OPT_LONGEST;
		code = parse_option(c, argv[optind - 1], o);
		if (code != EXIT_OK)
			return code;
	}
	if (optind != argc) {
		err("pauses: takes no argument, but was given %s; name a recording with -i", argv[optind]);
		return EXIT_USAGE;
	}
	if (o->json && o->html) {
		err("pauses: --json or --html, not both");
		return EXIT_USAGE;
	}
	if (!has_longest && !o->json && !o->html)
		o->report.longest = SHOWN;
	return -1;
}

static void see_reason(struct seen *seen, const char *name)
{
	for (unsigned i = 0; i < seen->nr_reasons; i++) {
		if (!strcmp(seen->reasons[i], name))
			return;
	}
	seen->more_reasons |= seen->nr_reasons == NAMED_REASONS;
	if (seen->nr_reasons < NAMED_REASONS)
		snprintf(seen->reasons[seen->nr_reasons++], sizeof(seen->reasons[0]), "%s", name);
}

/* Asked for each pause while the recording is read. */
static bool accept(void *ctx, const struct pause *p)
{
	struct options *o = ctx;
	struct seen *seen = &o->seen;
	uint64_t begin = model__begin(o->m);
	char name[64], number[24];

	pause_reason_name(p->reason_name, p->reason, name);
	seen->pauses++;
	see_reason(seen, name);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)p->reason);
	if (o->reason && strcmp(o->reason, number) && !strcasestr(name, o->reason))
		return false;
	seen->with_reason++;
	if (p->request_ns > begin + seen->since_ns)
		seen->since_ns = p->request_ns - begin;
	return !o->since_ns || p->request_ns >= begin + o->since_ns;
}

/* An empty table might pass for a recording without pauses. */
static void say_nothing_left(const struct options *o)
{
	const struct seen *seen = &o->seen;
	char names[NAMED_REASONS * 66 + 8], since[16], last[16];
	size_t len = 0;

	if (!seen->pauses || o->m->pauses.count)
		return;
	if (seen->with_reason) {
		warn("no pause of %s began more than %s after the recording did; the last one%s after %s", o->in,
		     fmt_ns(o->since_ns, since), o->reason ? " for this reason" : "", fmt_ns(seen->since_ns, last));
		return;
	}
	for (unsigned i = 0; i < seen->nr_reasons; i++)
		len += snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "", seen->reasons[i]);
	snprintf(names + len, sizeof(names) - len, "%s", seen->more_reasons ? ", ..." : "");
	warn("no pause of %s has the reason '%s'; there are: %s", o->in, o->reason, names);
}

/* @path: the recording, to be read again. */
static int print(const struct options *o, const char *path)
{
	const struct page_opts page = { .pauses_first = true, .longest = o->report.longest };
	int ret = 0;

	if (o->json)
		ret = report__pauses_json(o->m, stdout, &o->report);
	else if (o->html)
		ret = report__page(o->m, path, &page, stdout);
	else
		report__pauses(o->m, stdout, &o->report);
	ret = ret ?: flush_all(stdout);
	if (!ret)
		return EXIT_OK;
	err("cannot write the pauses: %s", strerror(-ret));
	return EXIT_FAILED;
}

int cmd_pauses(int argc, char **argv)
{
	struct export_input in = { 0 };
	struct options o;
	int code = parse(argc, argv, &o);

	if (code >= 0)
		return code;
	in.path = o.in;
	if (export_input__open(&in, o.html))
		return EXIT_FAILED;
	o.m = model__new();
	if (!o.m) {
		err("no memory to read a recording");
		return EXIT_FAILED;
	}
	o.m->pauses.accept = accept;
	o.m->pauses.accept_ctx = &o;
	if (o.report.longest > PAUSES_KEEP)
		o.m->pauses.keep = o.report.longest;
	code = report__read(in.path, o.m) ? EXIT_FAILED : print(&o, in.path);
	if (code == EXIT_OK)
		say_nothing_left(&o);
	model__free(o.m);
	export_input__close(&in);
	return code;
}
