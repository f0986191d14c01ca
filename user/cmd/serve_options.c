// SPDX-License-Identifier: BSD-2-Clause
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "doctor_machine.h"
#include "options.h"
#include "runtime.h"
#include "serve_options.h"
#include "util.h"

#define DEFAULT_LISTEN "127.0.0.1:9435"
#define DEFAULT_SERIES 256
#define MAX_SERIES     65536
#define DEFAULT_KEEP   (1ull << 30)
#define DEFAULT_PUSH   (15 * NSEC_PER_SEC)
#define MIN_PUSH       (NSEC_PER_SEC / 10)

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
		"      --memory SIZE       most for the buffers of all CPUs (32M)\n"
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

static int parse_trigger(struct serve_opts *s)
{
	s->session.at_oom_kill |= !strcmp(optarg, "memory");
	if (!strcmp(optarg, "memory") || !parse_duration(optarg, &s->trigger_ns))
		return EXIT_OK;
	return bad_value("--trigger", optarg, "a time like 5ms or 500us, or memory");
}

static int parse_push(struct serve_opts *s)
{
	if (!parse_duration(optarg, &s->push_ns) && s->push_ns >= MIN_PUSH)
		return EXIT_OK;
	return bad_value("--otlp-interval", optarg, "a time from 100ms on, like 15s");
}

static int parse_option(int c, struct serve_opts *s)
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
		return parse_size(optarg, &s->keep.limit_bytes) ? bad_value("--keep", optarg, "a size like 1G") :
								  EXIT_OK;
	case OPT_DIR:
		s->keep.dir = optarg;
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

static int check(const struct serve_opts *s)
{
	const struct session_opts *o = &s->session;
	bool triggered = s->trigger_ns || o->at_oom_kill;

	if (!!o->pids.nr + !!o->comm + !!o->cgroup + !!o->runtime != 1)
		err("give the target by one of -p PID, --comm NAME, --cgroup PATH, --runtime NAME; see tare serve --help");
	else if (!!o->flight_ns + triggered + !!s->keep.dir != 0 && (!o->flight_ns || !triggered || !s->keep.dir))
		err("recordings of bad moments take all of --flight TIME, --trigger TIME and --dir PATH");
	else
		return EXIT_OK;
	return EXIT_USAGE;
}

int serve_options__parse(int argc, char **argv, struct serve_opts *s)
{
	struct option opts[ARRAY_SIZE(long_opts) + MOST_RUNTIMES + 1];
	char names[MOST_RUNTIMES][32];
	int c, ret, at;

	*s = (struct serve_opts){
		.session = { .machine = &doctor_machine, .cmdline = "tare serve", .compress = WRITER_WITHIN_BUDGET },
		.listen = DEFAULT_LISTEN,
		.limit = DEFAULT_SERIES,
		.keep.limit_bytes = DEFAULT_KEEP,
		.push_ns = DEFAULT_PUSH,
	};
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
