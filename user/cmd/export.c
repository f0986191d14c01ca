// SPDX-License-Identifier: BSD-2-Clause
/* tare export: a recording in a format that another tool reads. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "export.h"
#include "export_input.h"
#include "model.h"
#include "samples.h"
#include "util.h"

#define LIST(name) &exporter_##name,
static const struct exporter *const formats[] = { EXPORTERS(LIST) };
#undef LIST

struct options {
	struct export_input in;
	const char *out; /* "-": standard output */
	const struct exporter *format;
	struct export_opts opts;
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare export [-i FILE] -f FORMAT [-o OUT]\n\n"
		"  -i, --input FILE     the recording, - for standard input (" TARE_DEFAULT_FILE ")\n"
		"  -f, --format FORMAT  one of those below\n"
		"  -o, --output OUT     write there (default: standard output)\n"
		"  -w, --weight WHAT    of stacks (folded, pprof): cpu, off-cpu, alloc (record --alloc-sites), pauses\n"
		"                       or faults; perf-script: only samples of cpu or off-cpu\n"
		"      --from, --to T   only from T on, only up to T: seconds since the recording began (1.5, 500ms),\n"
		"                       or a time (14:30:05)\n"
		"  -p, --pid PID        only of this process\n"
		"      --thread NAME    only of threads with this name\n"
		"      --pause N        only around the N-th longest stop-the-world pause, and of its process\n"
		"  -h, --help           print this\n\nformats:\n");
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		fprintf(to, "  %-12s %s\n", formats[i]->name, formats[i]->what);
	fprintf(to,
		"\nOther tasks are shown while a target waits for their CPU; at other times swapper stands for them.\n\n"
		"examples:\n"
		"  tare export -f perfetto -o trace.pftrace     open it at ui.perfetto.dev\n"
		"  tare export -f perf -o perf.data && perf report\n"
		"  tare export -f folded | flamegraph.pl > flames.svg\n"
		"  tare export -f pprof -w alloc -o alloc.pb.gz && go tool pprof -top alloc.pb.gz\n"
		"  tare export -f perf-script | less\n");
}

static const char *format_names(char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(formats) && len < size; i++)
		len += snprintf(buf + len, size - len, "%s%s", i ? ", " : "", formats[i]->name);
	return buf;
}

static int bad_format(const char *name)
{
	char names[256];

	format_names(names, sizeof(names));
	if (name)
		err("no format '%s'; there are: %s", name, names);
	else
		err("which format? Give -f and one of: %s", names);
	return EXIT_USAGE;
}

static const struct exporter *find_format(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	}
	return NULL;
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
		err("export: %s has no sums by stack, so no --weight; folded and pprof have", format->name);
	return false;
}

enum { FROM = 256, TO, THREAD, PAUSE }; /* options without a letter */

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
		{ "input", required_argument, NULL, 'i' },
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "weight", required_argument, NULL, 'w' },
		{ "from", required_argument, NULL, FROM },
		{ "to", required_argument, NULL, TO },
		{ "pid", required_argument, NULL, 'p' },
		{ "thread", required_argument, NULL, THREAD },
		{ "pause", required_argument, NULL, PAUSE },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	opterr = 0;
	*o = (struct options){ .in.path = TARE_DEFAULT_FILE, .out = "-" };
	while ((c = getopt_long(argc, argv, "i:f:o:w:p:h", longs, NULL)) != -1) {
		switch (c) {
		case 'i':
			o->in.path = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'f':
			o->format = find_format(optarg);
			if (!o->format)
				return bad_format(optarg);
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
	if (!o->format)
		return bad_format(NULL);
	return o->opts.weight && !takes(o->format, o->opts.weight) ? EXIT_USAGE : -1;
}

static bool to_stdout(const struct options *o)
{
	return !strcmp(o->out, "-");
}

static const char *output_name(const struct options *o)
{
	return to_stdout(o) ? "standard output" : o->out;
}

/* Would opening @out for writing destroy the recording that is to be read? */
static bool same_file(const char *in, const char *out)
{
	struct stat a, b;

	return strcmp(in, "-") && !stat(in, &a) && !stat(out, &b) && S_ISREG(a.st_mode) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int open_output(const struct options *o, FILE **to)
{
	int fd;

	*to = NULL;
	if (to_stdout(o)) {
		if (o->format->seeks && lseek(STDOUT_FILENO, 0, SEEK_CUR) < 0) {
			err("%s is written back and forth, which a pipe cannot take: name a file with -o",
			    o->format->name);
			return EXIT_USAGE;
		}
		if (o->format->binary && isatty(STDOUT_FILENO)) {
			err("%s is binary and standard output is a terminal: name a file with -o", o->format->name);
			return EXIT_USAGE;
		}
		*to = stdout;
		return EXIT_OK;
	}
	if (same_file(o->in.path, o->out)) {
		err("%s is the recording itself: name another file with -o", o->out);
		return EXIT_USAGE;
	}
	/* exports also run as root, and in /tmp: never follow a link that somebody else put there */
	fd = open(o->out, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0)
		*to = fdopen(fd, "w");
	if (*to)
		return EXIT_OK;
	err("cannot write %s: %s", o->out,
	    errno == ELOOP ? "it is a symbolic link; name the file that it points to" : strerror(errno));
	if (fd >= 0)
		close(fd);
	return EXIT_FAILED;
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

/* Returns 0 or a negative errno. */
static int close_output(FILE *to)
{
	int ret = flush_all(to);

	if (to != stdout && fclose(to) && !ret)
		ret = -errno;
	return ret;
}

static int export_to(struct options *o, FILE *to)
{
	int ret = convert(o, to), code;
	bool written = !ferror(to);

	code = close_output(to);
	if (ret == -EBADF)
		return EXIT_FAILED;
	if (ret && written)
		err("cannot export %s: %s; %s is incomplete", o->in.path, strerror(-ret), output_name(o));
	else if ((ret || code) && !(to_stdout(o) && (ret == -EPIPE || code == -EPIPE)))
		err("cannot write %s: %s; what is there so far is incomplete", output_name(o),
		    strerror(ret ? -ret : -code));
	return ret || code ? EXIT_FAILED : EXIT_OK;
}

int cmd_export(int argc, char **argv)
{
	struct model *whole = NULL;
	struct options o;
	FILE *to;
	int code = parse(argc, argv, &o);

	if (code >= 0)
		return code;
	code = export_input__open(&o.in, o.format->twice);
	if (!code && o.format->twice) {
		whole = export_input__whole(&o.in, &o.opts);
		code = whole ? EXIT_OK : EXIT_FAILED;
	}
	if (!code)
		code = open_output(&o, &to);
	if (!code)
		code = export_to(&o, to);
	export_input__close(&o.in);
	model__free(whole);
	return code;
}
