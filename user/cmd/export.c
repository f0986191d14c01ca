// SPDX-License-Identifier: BSD-2-Clause
/* tare export: a recording in a format that another tool reads. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "export.h"
#include "export_formats.h"
#include "export_input.h"
#include "export_output.h"
#include "merged.h"
#include "model.h"
#include "samples.h"
#include "util.h"

struct options {
	struct export_input in;
	struct export_output out;
	const char *merge; /* NULL: nothing */
	bool schema;
	const struct exporter *format;
	struct export_opts opts;
};

static void usage(FILE *to)
{
	char what[128];

	fprintf(to,
		"usage: tare export [-i FILE] [-f FORMAT] [-o OUT]\n\n"
		"  -i, --input FILE     the recording, - for standard input (" TARE_DEFAULT_FILE ")\n"
		"  -f, --format FORMAT  one of those below (default: by OUT's ending)\n"
		"  -o, --output OUT     write there (default: standard output); compressed if it ends in .gz\n"
		"      --compress       by gzip, wherever it goes\n"
		"  -w, --weight WHAT    of stacks (folded, pprof, otlp-profiles): cpu, off-cpu, alloc\n"
		"                       (record --alloc-sites), pauses or faults; perf-script: only samples of cpu or\n"
		"                       off-cpu\n"
		"      --from, --to T   only from T on, only up to T: seconds since the recording began (1.5, 500ms),\n"
		"                       or a time (14:30:05)\n"
		"  -p, --pid PID        only of this process\n"
		"      --thread NAME    only of threads with this name\n"
		"      --pause N        only around the N-th longest stop-the-world pause, and of its process\n"
		"      --merge TRACE    lay TRACE of the same run into the timeline (perfetto, chrome): it is\n"
		"                       %s\n"
		"      --schema         no recording is read: the JSON Schema of what json-lines writes\n"
		"  -h, --help           print this\n\nformats:\n",
		run_trace__what(what, sizeof(what)));
	export_formats__list(to);
	fprintf(to,
		"\nOther tasks are shown while a target waits for their CPU; at other times swapper stands for them.\n\n"
		"examples:\n"
		"  tare export -o trace.pftrace.gz              open it at ui.perfetto.dev\n"
		"  tare export -o perf.data && perf report\n"
		"  tare export -f folded | flamegraph.pl > flames.svg\n"
		"  tare export -w alloc -o alloc.pb.gz && go tool pprof -top alloc.pb.gz\n"
		"  tare export -f perf-script | less\n"
		"  tare export -f otlp-metrics | curl --data-binary @- -H 'content-type: application/x-protobuf' \\\n"
		"    http://localhost:4318/v1/metrics\n");
}

/* Does @format take @weight? Otherwise says what it takes. */
static bool takes(const struct exporter *format, const char *weight)
{
	size_t len = strlen(weight);

	for (const char *at = format->weights; at && len; at = strstr(at, ", ")) {
		at += at[0] == ',' ? 2 : 0;
		if (!strncmp(at, weight, len) && (!at[len] || at[len] == ','))
			return true;
	}
	if (format->weights)
		err("--weight of %s takes %s, not '%s'", format->name, format->weights, weight);
	else
		err("export: %s has no sums by stack, so no --weight; folded, pprof and otlp-profiles have",
		    format->name);
	return false;
}

enum { FROM = 256, TO, THREAD, PAUSE, MERGE, COMPRESS, SCHEMA }; /* options without a letter */

/* Returns whether @s is a number from 1 on; otherwise says so. */
static bool parse_number(const char *option, const char *s, uint32_t *n)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	*n = v;
	if (end != s && !*end && v && v <= INT32_MAX && s[0] != '-')
		return true;
	err("export: %s takes a number from 1 on, not '%s'", option, s);
	return false;
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "input", required_argument, NULL, 'i' },   { "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },  { "weight", required_argument, NULL, 'w' },
		{ "from", required_argument, NULL, FROM },   { "to", required_argument, NULL, TO },
		{ "pid", required_argument, NULL, 'p' },     { "thread", required_argument, NULL, THREAD },
		{ "pause", required_argument, NULL, PAUSE }, { "merge", required_argument, NULL, MERGE },
		{ "compress", no_argument, NULL, COMPRESS }, { "schema", no_argument, NULL, SCHEMA },
		{ "help", no_argument, NULL, 'h' },	     { 0 },
	};
	int c;

	opterr = 0;
	*o = (struct options){ .in.path = TARE_DEFAULT_FILE, .out.path = "-" };
	while ((c = getopt_long(argc, argv, "i:f:o:w:p:h", longs, NULL)) != -1) {
		switch (c) {
		case 'i':
			o->in.path = optarg;
			break;
		case 'o': /* what scripts write for lack of a "-" */
			o->out.path = strcmp(optarg, "/dev/stdout") ? optarg : "-";
			break;
		case 'f':
			o->format = export_formats__find(optarg);
			if (!o->format)
				return EXIT_USAGE;
			break;
		case 'w':
			o->opts.weight = optarg;
			break;
		case FROM:
			o->in.chosen.from = optarg;
			break;
		case TO:
			o->in.chosen.to = optarg;
			break;
		case THREAD:
			o->in.chosen.thread = optarg;
			break;
		case 'p':
			if (!parse_number("--pid", optarg, &o->in.chosen.pid))
				return EXIT_USAGE;
			break;
		case PAUSE:
			if (!parse_number("--pause", optarg, &o->in.chosen.pause))
				return EXIT_USAGE;
			break;
		case MERGE:
			o->merge = optarg;
			break;
		case COMPRESS:
			o->out.compress = true;
			break;
		case SCHEMA:
			o->schema = true;
			break;
		case 'h':
			usage(stdout);
			return EXIT_OK;
		default:
			err("export: no option %s, or it lacks its value; see tare export --help", argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		err("export: takes no argument, but was given %s; name a recording with -i", argv[optind]);
		return EXIT_USAGE;
	}
	if (o->schema && !o->format)
		o->format = export_formats__find("json-lines");
	o->format = o->format ?: export_formats__by_ending(o->out.path);
	if (!o->format)
		return EXIT_USAGE;
	o->out.compress =
		!o->format->compressed && (o->out.compress || export_formats__compresses(o->format, o->out.path));
	if (o->schema && !o->format->schema) {
		err("export: %s has no --schema; json-lines has", o->format->name);
		return EXIT_USAGE;
	}
	if (o->merge && !o->format->merges) {
		err("export: %s draws no timeline, so it takes no --merge; perfetto and chrome do", o->format->name);
		return EXIT_USAGE;
	}
	return o->opts.weight && !takes(o->format, o->opts.weight) ? EXIT_USAGE : -1;
}

struct converting {
	const struct exporter *format;
	void *state;
};

static int convert_event(void *ctx, const struct event *ev)
{
	struct converting *c = ctx;

	return c->format->event(c->state, ev);
}

static int convert(struct options *o, FILE *to)
{
	struct converting c = { o->format, NULL };
	int ret = o->format->begin(to, &o->opts, &c.state), ended;

	if (ret)
		return ret;
	ret = export_input__for_each(&o->in, convert_event, &c);
	ended = o->format->end(c.state);
	return ret ? ret : ended;
}

/* Say what went wrong: @ret while exporting, @closed in closing the output. Returns an exit code. */
static int tell(const struct options *o, int ret, bool written, int closed)
{
	const struct export_output *out = &o->out;

	if (ret == -EBADF)
		return EXIT_FAILED;
	if (ret && written)
		err("cannot export %s: %s; %s is incomplete", o->in.path, strerror(-ret), export_output__name(out));
	else if ((ret || closed) && !(export_output__is_stdout(out) && (ret == -EPIPE || closed == -EPIPE)))
		err("cannot write %s: %s; what is there so far is incomplete", export_output__name(out),
		    strerror(ret ? -ret : -closed));
	return ret || closed ? EXIT_FAILED : EXIT_OK;
}

static int export_to(struct options *o)
{
	struct export_output *out = &o->out;
	int code = export_output__open(out, o->format->name, o->format->binary, o->format->seeks, o->in.given), ret;
	bool written;

	if (code)
		return code;
	ret = o->schema ? o->format->schema(out->to) : convert(o, out->to);
	written = !export_output__failed(out);
	return tell(o, ret, written, export_output__close(out));
}

/* Returns an exit code. */
static int open_merged(struct options *o, struct merged *m)
{
	const struct choice *c = &o->in.choice;
	bool chooses = o->in.chooses;

	if (export_output__is(&o->out, o->merge)) {
		err("%s is the trace itself: name another file with -o", o->out.path);
		return EXIT_USAGE;
	}
	o->opts.merged = m;
	return merged__open(m, o->merge, o->opts.whole, chooses ? c->from_ns : 0, chooses ? c->to_ns : UINT64_MAX,
			    chooses ? c->pid : 0);
}

int cmd_export(int argc, char **argv)
{
	struct merged merged = { 0 };
	struct model *whole = NULL;
	struct options o;
	int code = parse(argc, argv, &o);

	if (code >= 0)
		return code;
	if (o.schema)
		return export_to(&o);
	code = export_input__open(&o.in, o.format->twice);
	if (!code && o.format->twice) {
		whole = export_input__whole(&o.in, &o.opts);
		code = whole ? EXIT_OK : EXIT_FAILED;
	}
	if (!code && o.merge)
		code = open_merged(&o, &merged);
	if (!code)
		code = export_to(&o);
	export_input__close(&o.in);
	merged__close(&merged);
	model__free(whole);
	return code;
}
