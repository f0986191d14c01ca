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
#include "model.h"
#include "reader.h"
#include "samples.h"
#include "util.h"

#define LIST(name) &exporter_##name,
static const struct exporter *const formats[] = { EXPORTERS(LIST) };
#undef LIST

struct options {
	const char *in, *out; /* "-": standard input, output */
	const struct exporter *format;
	struct export_opts opts;
	char spooled[32]; /* where standard input was kept */
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
		"  -h, --help           print this\n\nformats:\n");
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		fprintf(to, "  %-12s %s\n", formats[i]->name, formats[i]->what);
	fprintf(to, "\nOnly target threads are in a recording: where another task has a CPU, swapper is shown.\n\n"
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

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "input", required_argument, NULL, 'i' },  { "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' }, { "weight", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },	    { 0 },
	};
	int c;

	opterr = 0;
	*o = (struct options){ .in = TARE_DEFAULT_FILE, .out = "-" };
	while ((c = getopt_long(argc, argv, "i:f:o:w:h", longs, NULL)) != -1) {
		switch (c) {
		case 'i':
			o->in = optarg;
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
	if (same_file(o->in, o->out)) {
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

/* What comes by a pipe is kept in a file, to be read twice. Returns a descriptor or a negative errno. */
static int spool(void)
{
	FILE *f = tmpfile();
	char buf[65536];
	size_t n;
	int fd;

	if (!f)
		return -errno;
	while ((n = fread(buf, 1, sizeof(buf), stdin)) && fwrite(buf, 1, n, f) == n)
		;
	errno = EIO;
	fd = ferror(stdin) || n || fflush(f) ? -errno : dup(fileno(f));
	fclose(f);
	return fd;
}

static int convert(struct options *o, struct reader *r, FILE *to)
{
	uint64_t damages = 0, damaged_bytes = 0;
	void *state;
	struct event ev;
	int ret, ended;

	ret = o->format->begin(to, &o->opts, &state);
	if (ret)
		return ret;
	while ((ret = reader__next(r, &ev)) > 0) {
		if (ev.kind == EVENT_DAMAGE) {
			if (damages++ < 3)
				warn("%s, at byte %" PRIu64 ": %s", o->in, ev.damage.offset, ev.damage.what);
			damaged_bytes += ev.damage.bytes;
		}
		ret = o->format->event(state, &ev);
		if (ret)
			break;
	}
	ended = o->format->end(state);
	if (damages)
		warn("%s is damaged: %" PRIu64 " stretch%s of it, %" PRIu64 " bytes in all, not in the export", o->in,
		     damages, damages == 1 ? "" : "es", damaged_bytes);
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

/* Returns 0, or -1 after saying why not. */
static int read_first(struct options *o, struct model **m)
{
	struct reader *r;
	int ret;

	if (!strcmp(o->in, "-")) {
		ret = spool();
		if (ret < 0) {
			err("cannot keep standard input in a file to read it twice: %s", strerror(-ret));
			return -1;
		}
		snprintf(o->spooled, sizeof(o->spooled), "/proc/self/fd/%d", ret);
		o->in = o->spooled;
	}
	if (reader__open(o->in, &r))
		return -1;
	*m = model__new();
	if (*m)
		(*m)->pauses.keep = PAUSES_KEPT;
	ret = *m ? export__read_whole(r, *m, &o->opts) : -ENOMEM;
	reader__close(r);
	if (ret)
		err("cannot read %s: %s", o->in, strerror(-ret));
	return ret ? -1 : 0;
}

int cmd_export(int argc, char **argv)
{
	struct model *whole = NULL;
	struct options o;
	struct reader *r = NULL;
	FILE *to;
	bool written;
	int ret, code = parse(argc, argv, &o);

	if (code >= 0)
		return code;
	code = EXIT_FAILED;
	if ((o.format->twice && read_first(&o, &whole)) || reader__open(o.in, &r))
		goto cleanup;
	code = open_output(&o, &to);
	if (code)
		goto cleanup;
	ret = convert(&o, r, to);
	written = !ferror(to);
	code = close_output(to);
	if (ret && written)
		err("cannot export %s: %s; %s is incomplete", o.in, strerror(-ret), output_name(&o));
	else if ((ret || code) && !(to_stdout(&o) && (ret == -EPIPE || code == -EPIPE)))
		err("cannot write %s: %s; what is there so far is incomplete", output_name(&o),
		    strerror(ret ? -ret : -code));
	code = ret || code ? EXIT_FAILED : EXIT_OK;
cleanup:
	reader__close(r);
	model__free(whole);
	return code;
}
