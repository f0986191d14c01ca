// SPDX-License-Identifier: BSD-2-Clause
/* `tare serve`: leave it running. Sums as metrics over HTTP; and, if asked for, recordings of bad moments. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "doctor_machine.h"
#include "flight.h"
#include "fold.h"
#include "http.h"
#include "keep.h"
#include "metrics.h"
#include "options.h"
#include "points.h"
#include "push.h"
#include "runtime.h"
#include "session.h"
#include "stream.h"
#include "util.h"

#define DEFAULT_LISTEN "127.0.0.1:9435"
#define DEFAULT_SERIES 256
#define MAX_SERIES     65536
#define DEFAULT_KEEP   (1ull << 30)
#define DEFAULT_PUSH   (15 * NSEC_PER_SEC)
#define MIN_PUSH       (NSEC_PER_SEC / 10)
#define STALE_NS       (10 * NSEC_PER_SEC) /* a frame comes ten times a second */

enum {
	OPT_RUNTIME = OPT_OWN,
	OPT_ALL,
	OPT_LISTEN,
	OPT_LABEL_PID,
	OPT_SERIES,
	OPT_TRIGGER,
	OPT_KEEP,
	OPT_DIR,
	OPT_OTLP,
	OPT_OTLP_INTERVAL,
};

static const struct option long_opts[] = {
	TARGET_OPTIONS,
	{ "runtime", required_argument, NULL, OPT_RUNTIME },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "label-pid", no_argument, NULL, OPT_LABEL_PID },
	{ "series", required_argument, NULL, OPT_SERIES },
	{ "flight", required_argument, NULL, OPT_FLIGHT },
	{ "trigger", required_argument, NULL, OPT_TRIGGER },
	{ "keep", required_argument, NULL, OPT_KEEP },
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "otlp", required_argument, NULL, OPT_OTLP },
	{ "otlp-interval", required_argument, NULL, OPT_OTLP_INTERVAL },
	{ "freq", required_argument, NULL, 'F' },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "ring-size", required_argument, NULL, OPT_RING },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
};

#define MOST_RUNTIMES 16

struct serve {
	struct session_opts session;
	struct session_listener listener;
	struct flight_series series;
	struct keep_opts keep_opts;
	uint64_t trigger_ns;
	const char *listen;
	uint32_t limit;
	bool label_pid;
	const char *otlp; /* NULL: nothing is pushed */
	uint64_t push_ns;

	struct fold *fold;
	struct stream *stream;
	struct http *http;
	struct keep *keep; /* NULL: nothing is written */
	struct push *push; /* NULL: nothing is pushed */
};

static void usage(FILE *to)
{
	fprintf(to,
		"usage: tare serve [options] -p PID[,PID...] | --comm NAME | --cgroup PATH | --runtime NAME\n\n"
		"Measures until Ctrl-C or SIGTERM, and serves sums as metrics for Prometheus at /metrics. Nothing is\n"
		"written to disk unless --flight asks for it.\n\n"
		"  -p, --pid PID[,PID...]  these processes; ends with the last of them\n"
		"      --comm NAME         all processes of this name, and those that take it later\n"
		"      --cgroup PATH       all processes in this cgroup's folder and below, also later ones\n"
		"      --runtime NAME      all programs with this runtime, also later ones, within a second:");
	for (size_t i = 0; runtime__at(i); i++)
		if (runtime__is_language(runtime__at(i)))
			fprintf(to, " %s", runtime__at(i)->name);
	fprintf(to,
		", %s\n"
		"      --all-NAME          the same as --runtime NAME\n"
		"      --follow            their children too\n"
		"      --listen ADDR:PORT  where to serve (%s); \":9435\": to anybody who can reach this machine\n"
		"      --label-pid         a series for each process, not for all that have the same labels\n"
		"      --series N          at most N sets of labels (%d); others add up as process=\"other\"\n"
		"      --otlp URL          push the same to an OpenTelemetry collector, like http://localhost:4318\n"
		"      --otlp-interval TIME  how often (15s)\n"
		"      --flight TIME       hold the last TIME (1s or more) in memory, and write it ..\n"
		"      --trigger TIME      .. after each stop-the-world pause longer than this, as a recording\n"
		"      --trigger memory    .. or when the kernel kills a target for want of memory\n"
		"      --dir PATH          the folder that recordings go to\n"
		"      --keep SIZE         most that they may take in it (1G): the oldest are deleted\n"
		"  -F, --freq HZ           samples a second and CPU in recordings (0)\n"
		"      --memory SIZE       most for the buffers of all CPUs (64M; with many, 1M each)\n"
		"      --ring-size SIZE    instead, that of each CPU, a power of two\n",
		RUNTIME_ANY, DEFAULT_LISTEN, DEFAULT_SERIES);
}

/* ---- options ---- */

static int parse_number(const char *option, unsigned long most, uint32_t *to)
{
	char *end, want[64];
	unsigned long n = strtoul(optarg, &end, 10);

	snprintf(want, sizeof(want), "a number up to %lu", most);
	if (*end || !*optarg || *optarg == '-' || n > most)
		return bad_value(option, optarg, want);
	*to = n;
	return EXIT_OK;
}

static int parse_runtime(const char *name, const char **to)
{
	for (size_t i = 0; runtime__at(i); i++)
		if (runtime__is_language(runtime__at(i)) && !strcmp(runtime__at(i)->name, name)) {
			*to = runtime__at(i)->name;
			return EXIT_OK;
		}
	if (!strcmp(name, RUNTIME_ANY)) {
		*to = RUNTIME_ANY;
		return EXIT_OK;
	}
	err("there is no runtime '%s'; see tare serve --help", name);
	return EXIT_USAGE;
}

static int parse_trigger(struct serve *s)
{
	s->session.at_oom_kill |= !strcmp(optarg, "memory");
	if (!strcmp(optarg, "memory") || !parse_duration(optarg, &s->trigger_ns))
		return EXIT_OK;
	return bad_value("--trigger", optarg, "a time like 5ms or 500us, or memory");
}

static int parse_push(struct serve *s)
{
	if (!parse_duration(optarg, &s->push_ns) && s->push_ns >= MIN_PUSH)
		return EXIT_OK;
	return bad_value("--otlp-interval", optarg, "a time from 100ms on, like 15s");
}

static int parse_option(int c, struct serve *s)
{
	struct session_opts *o = &s->session;

	switch (c) {
	case OPT_RUNTIME:
		return parse_runtime(optarg, &o->runtime);
	case OPT_LISTEN:
		s->listen = optarg;
		return EXIT_OK;
	case OPT_LABEL_PID:
		s->label_pid = true;
		return EXIT_OK;
	case OPT_SERIES:
		return parse_number("--series", MAX_SERIES, &s->limit);
	case OPT_TRIGGER:
		return parse_trigger(s);
	case OPT_KEEP:
		return parse_size(optarg, &s->keep_opts.limit_bytes) ? bad_value("--keep", optarg, "a size like 1G") :
								       EXIT_OK;
	case OPT_DIR:
		s->keep_opts.dir = optarg;
		return EXIT_OK;
	case OPT_OTLP:
		s->otlp = optarg;
		return EXIT_OK;
	case OPT_OTLP_INTERVAL:
		return parse_push(s);
	case 'F':
		return parse_number("-F", 10000, &o->sample_hz);
	case 'v':
		verbose = true;
		return EXIT_OK;
	}
	return EXIT_USAGE;
}

/* --all-NAME, for each runtime that there is; long_opts[] come first. */
static void add_runtimes(struct option *opts, char names[][32])
{
	size_t nr = ARRAY_SIZE(long_opts), at = 0;

	memcpy(opts, long_opts, sizeof(long_opts));
	for (size_t i = 0; runtime__at(i) && at < MOST_RUNTIMES; i++) {
		if (!runtime__is_language(runtime__at(i)))
			continue;
		snprintf(names[at], sizeof(names[at]), "all-%s", runtime__at(i)->name);
		opts[nr + at] = (struct option){ names[at], no_argument, NULL, OPT_ALL };
		at++;
	}
	opts[nr + at] = (struct option){ 0 };
}

static int check(const struct serve *s)
{
	const struct session_opts *o = &s->session;
	bool triggered = s->trigger_ns || o->at_oom_kill;

	if (!!o->pids.nr + !!o->comm + !!o->cgroup + !!o->runtime != 1)
		err("give the target by one of -p PID, --comm NAME, --cgroup PATH, --runtime NAME; see tare serve --help");
	else if (!!o->flight_ns + triggered + !!s->keep_opts.dir != 0 &&
		 (!o->flight_ns || !triggered || !s->keep_opts.dir))
		err("recordings of bad moments take all of --flight TIME, --trigger TIME and --dir PATH");
	else
		return EXIT_OK;
	return EXIT_USAGE;
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct serve *s)
{
	struct option opts[ARRAY_SIZE(long_opts) + MOST_RUNTIMES + 1];
	char names[MOST_RUNTIMES][32];
	int c, ret, at;

	add_runtimes(opts, names);
	optind = 1;
	while ((c = getopt_long(argc, argv, "p:F:vh", opts, &at)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return EXIT_OK;
		}
		ret = c == OPT_ALL ? parse_runtime(opts[at].name + strlen("all-"), &s->session.runtime) :
				     parse_session_option(c, &s->session);
		ret = ret < 0 ? parse_option(c, s) : ret;
		if (c == '?')
			err("see tare serve --help");
		if (ret)
			return ret;
	}
	if (optind < argc) {
		err("'%s' is not understood; see tare serve --help", argv[optind]);
		return EXIT_USAGE;
	}
	return check(s) ?: -1;
}

/* ---- what the parts ask of each other ---- */

static struct families_self get_self(struct serve *s)
{
	struct families_self self = { .cpu_ns = self_cpu_ns(),
				      .left_out = stream__left_out(s->stream),
				      .recordings = TARE_UNKNOWN,
				      .sent = TARE_UNKNOWN };
	struct push_figures pushed;

	if (s->keep)
		keep__figures(s->keep, &self.recordings, &self.recorded_bytes);
	if (s->push) {
		push__figures(s->push, &pushed);
		self.sent = pushed.sent;
		self.failed = pushed.failed;
		self.dropped = pushed.dropped;
		self.rejected_points = pushed.rejected_points;
	}
	return self;
}

static char *get_metrics(void *ctx, enum metrics_format format, size_t *len)
{
	struct serve *s = ctx;
	struct families_self self = get_self(s);

	return metrics__text(s->fold, &self, format, len);
}

static int get_request(void *ctx, struct pb *to)
{
	struct serve *s = ctx;
	struct families_self self = get_self(s);

	return points__request(s->fold, &self, to);
}

static const char *get_problem(void *ctx)
{
	struct serve *s = ctx;
	uint64_t fed_ns = stream__fed_ns(s->stream);

	if (stream__left_out(s->stream) == UINT64_MAX)
		return "the figures are no longer kept up to date: see the log";
	if (!fed_ns)
		return "it does not measure yet";
	return now_ns() - fed_ns > STALE_NS ? "the recorder has told nothing for ten seconds" : NULL;
}

static void on_pause(void *ctx, const struct served *process, const struct pause *p)
{
	struct serve *s = ctx;

	if (s->trigger_ns && pause__world_ns(p) > s->trigger_ns)
		keep__ask(s->keep, p->request_ns, p->end_ns);
}

static int on_frame(void *ctx, const struct tare_frame *frame, const struct iovec *iov, int nr)
{
	struct serve *s = ctx;

	return stream__feed(s->stream, frame, iov, nr);
}

static bool wants_end(const void *ctx, uint64_t *begin_ns, uint64_t *end_ns)
{
	const struct serve *s = ctx;

	return s->keep && keep__is_asked(s->keep, begin_ns, end_ns);
}

static void finish(void *ctx)
{
	struct serve *s = ctx;

	stream__end(s->stream);
}

/* ---- */

/* Returns an exit code. */
static int prepare_push(struct serve *s)
{
	struct post *post;
	int ret = post__new(s->otlp, &post);

	if (ret)
		return ret == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	s->push = push__new(post, s->push_ns, get_request, s);
	return s->push ? EXIT_OK : EXIT_FAILED;
}

/* Returns an exit code. */
static int start(struct serve *s)
{
	const struct http_source source = { get_metrics, get_problem, s };
	struct stream_fold fold;
	int ret;

	ret = s->otlp ? prepare_push(s) : EXIT_OK;
	if (ret)
		return ret;
	s->keep_opts.apart_ns = s->session.flight_ns;
	if (s->keep_opts.dir && keep__new(&s->keep_opts, &s->keep))
		return EXIT_FAILED;
	s->fold = fold__new(s->limit, s->label_pid);
	if (!s->fold) {
		err("no memory");
		return EXIT_FAILED;
	}
	if (s->otlp)
		s->fold->processes.series.audiences |= 1u << AUDIENCE_PUSH;
	if (s->keep)
		s->fold->on_pause = on_pause;
	s->fold->ctx = s;
	fold = fold__stream(s->fold);
	if (stream__start(&fold, &s->stream)) {
		err("cannot start a thread for the figures");
		return EXIT_FAILED;
	}
	ret = http__start(s->listen, &source, &s->http);
	if (ret)
		return ret == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	fprintf(stderr, "tare: serving http://%s/metrics; hit Ctrl-C to end\n", http__address(s->http));
	if (!s->push || !push__start(s->push))
		return EXIT_OK;
	err("cannot start a thread for --otlp");
	return EXIT_FAILED;
}

static int serve(struct serve *s)
{
	struct session_result result = { .wait_status = -1 };
	int ret = start(s);

	if (ret)
		return ret;
	s->listener = (struct session_listener){ on_frame, wants_end, finish, s };
	s->session.listener = &s->listener;
	s->session.sums_only = !s->keep;
	if (s->keep) {
		s->series = keep__series(s->keep);
		s->session.series = &s->series;
		s->session.flight_waits = true;
	}
	return session_exit_code(session__record(&s->session, &result));
}

int cmd_serve(int argc, char **argv)
{
	struct serve s = {
		.session = { .machine = &doctor_machine, .cmdline = "tare serve", .compress = WRITER_WITHIN_BUDGET },
		.listen = DEFAULT_LISTEN,
		.limit = DEFAULT_SERIES,
		.keep_opts.limit_bytes = DEFAULT_KEEP,
		.push_ns = DEFAULT_PUSH
	};
	int ret = parse(argc, argv, &s);

	if (ret < 0)
		ret = serve(&s);
	http__stop(s.http);
	push__free(s.push);
	stream__free(s.stream);
	fold__free(s.fold);
	keep__free(s.keep);
	free(s.session.pids.pids);
	return ret;
}
