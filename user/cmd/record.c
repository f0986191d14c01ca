// SPDX-License-Identifier: BSD-2-Clause
/* `tare run` and `tare record`: one starts its target, the other finds it alive; the rest is the same. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cmd.h"
#include "doctor_machine.h"
#include "limit.h"
#include "live.h"
#include "model.h"
#include "options.h"
#include "report.h"
#include "session.h"
#include "util.h"

enum {
	OPT_STRICT = OPT_OWN,
	OPT_GOROUTINES,
	OPT_OFF_CPU_MIN,
	OPT_CALL_GRAPH,
	OPT_FAIL_OVER,
	OPT_TRIGGER,
	OPT_DEBUG_DIR,
	OPT_ALLOC_SITES
};

static const struct option long_opts[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "duration", required_argument, NULL, 'd' },
	TARGET_OPTIONS,
	{ "freq", required_argument, NULL, 'F' },
	{ "off-cpu-min", required_argument, NULL, OPT_OFF_CPU_MIN },
	{ "call-graph", required_argument, NULL, OPT_CALL_GRAPH },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "ring-size", required_argument, NULL, OPT_RING },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "fail-over", required_argument, NULL, OPT_FAIL_OVER },
	{ "flight", required_argument, NULL, OPT_FLIGHT },
	{ "trigger", required_argument, NULL, OPT_TRIGGER },
	{ "goroutines", no_argument, NULL, OPT_GOROUTINES },
	{ "alloc-sites", required_argument, NULL, OPT_ALLOC_SITES },
	{ "debug-dir", required_argument, NULL, OPT_DEBUG_DIR },
	COMPRESS_OPTIONS,
	{ "help", no_argument, NULL, 'h' },
	{},
};

#define DEFAULT_HZ     199 /* a prime: not in step with what the target does every ms */
#define MAX_HZ	       10000
#define OFF_CPU_MIN_NS 1000000
#define DWARF_BYTES    8192
#define DEBUG_DIRS     16
#define ASK_NS	       (10 * NSEC_PER_SEC) /* a server, for one file */

struct record_args {
	struct live *live;		  /* the analysis beside it; NULL: none */
	struct session_listener listener; /* .live's */
	struct session_opts session;
	const char *debug_dirs[DEBUG_DIRS];
	bool strict, quiet;
	struct limit fail_over, trigger;
};

static void usage(FILE *to, bool run)
{
	if (run)
		fprintf(to,
			"usage: tare run [options] -- CMD [ARG...]\n\n"
			"Starts CMD stopped, attaches, lets it go and measures it and its children until it ends.\n"
			"Signals sent to tare go on to CMD. Ends with CMD's own exit status (128 + n where signal n killed it),\n"
			"126 where CMD may not be run, 127 where it is not there.\n\n");
	else
		fprintf(to,
			"usage: tare record [options] -p PID[,PID...] | --comm NAME | --cgroup PATH\n\n"
			"Attaches to live processes, all their threads, and measures them until Ctrl-C.\n\n"
			"  -p, --pid PID[,PID...]  these processes\n"
			"      --comm NAME         all processes of this name, and those that take it later\n"
			"      --cgroup PATH       all processes in this cgroup's folder and below, also later ones\n"
			"      --follow            their children too\n");
	fprintf(to,
		"  -o, --output FILE       where to record to (%s; -: standard output)\n"
		"  -d, --duration TIME     end after 10s, 500ms, ...; a bare number is seconds%s\n"
		"      --goroutines        each step of each goroutine too: dear where there are many a second\n"
		"  -F, --freq HZ           samples of what runs, a second and CPU (199; 0: none but in pauses)\n"
		"      --off-cpu-min TIME  record where a thread was that waited this long (1ms; 0: none)\n"
		"      --call-graph WAY    fp: by frame pointers; dwarf[,SIZE]: native code by its call frame information,\n"
		"                          from SIZE bytes of stack (8K; to 16K) copied with each sample\n"
		"      --alloc-sites WAY   who allocates how much: burst: seen for short times only; all: each allocation,\n"
		"                          which may be dear; off (as by default)\n"
		"      --debug-dir DIR     look for debug information there too, as in /usr/lib/debug\n"
		"  -z, --compress[=LEVEL]  compress all of the recording, at zstd's level 1 to 19 (1); by default at 1,\n"
		"                          and only as far as that takes 2 %% of a CPU\n"
		"      --no-compress       nothing of it\n"
		"      --memory SIZE       most for the buffers of all CPUs (64M; with many, 1M each)\n"
		"      --ring-size SIZE    instead, that of each CPU, a power of two (4K .. 1G)\n"
		"      --fail-over TIME    exit 5 where a stop-the-world pause was longer, and say why it was\n"
		"      --flight TIME       write nothing but hold the last TIME (1s or more) in memory, until Ctrl-C or\n"
		"                          the end%s\n"
		"      --trigger TIME      .. or until a stop-the-world pause longer than this: write, and end\n"
		"      --trigger memory    .. or until the kernel kills a target for want of memory\n"
		"      --strict            exit 1 where anything was lost\n"
		"  -q, --quiet             no summary at the end\n",
		TARE_DEFAULT_FILE, run ? "; CMD gets SIGTERM then" : "",
		run ? " of CMD" : " of the target; SIGUSR1 writes, and goes on");
}

static int parse_limit(const char *option, uint64_t *ns)
{
	return parse_duration(optarg, ns) ? bad_value(option, optarg, "a time like 5ms or 500us") : EXIT_OK;
}

static int parse_freq(unsigned *hz)
{
	char *end;
	unsigned long n = strtoul(optarg, &end, 10);

	if (*end || !*optarg || *optarg == '-' || n > MAX_HZ)
		return bad_value("-F", optarg, "a number of samples a second, up to 10000");
	*hz = n;
	return EXIT_OK;
}

static int parse_call_graph(unsigned *bytes)
{
	const char *size = optarg + strlen("dwarf");
	uint64_t n = DWARF_BYTES;

	*bytes = 0;
	if (!strcmp(optarg, "fp"))
		return EXIT_OK;
	if (strncmp(optarg, "dwarf", strlen("dwarf")) || (*size && *size != ',') ||
	    (*size && parse_size(size + 1, &n)) || n < 1024 || n > TARE_STACK_WORDS_MAX * sizeof(uint64_t) || n % 1024)
		return bad_value("--call-graph", optarg, "fp, dwarf, or dwarf,SIZE with a SIZE from 1K to 16K");
	*bytes = n;
	return EXIT_OK;
}

static int parse_alloc_sites(enum alloc_mode *mode)
{
	for (size_t i = 0; i < NR_ALLOC_MODES; i++)
		if (!strcmp(optarg, alloc_mode_names[i])) {
			*mode = i;
			return EXIT_OK;
		}
	return bad_value("--alloc-sites", optarg, "off, burst or all");
}

static int parse_option(int c, struct record_args *a)
{
	struct session_opts *o = &a->session;

	switch (c) {
	case 'o':
		o->output = optarg;
		return EXIT_OK;
	case 'd':
		return parse_duration(optarg, &o->duration_ns) ? bad_value("-d", optarg, "a time like 10s or 500ms") :
								 EXIT_OK;
	case 'F':
		return parse_freq(&o->sample_hz);
	case OPT_OFF_CPU_MIN:
		return strcmp(optarg, "0") ? parse_limit("--off-cpu-min", &o->off_cpu_min_ns) :
					     (o->off_cpu_min_ns = 0, EXIT_OK);
	case OPT_CALL_GRAPH:
		return parse_call_graph(&o->unwind_bytes);
	case OPT_FAIL_OVER:
		return parse_limit("--fail-over", &a->fail_over.ns);
	case OPT_TRIGGER:
		o->at_oom_kill |= !strcmp(optarg, "memory");
		return strcmp(optarg, "memory") ? parse_limit("--trigger", &a->trigger.ns) : EXIT_OK;
	case OPT_GOROUTINES:
		o->goroutines = true;
		return EXIT_OK;
	case OPT_ALLOC_SITES:
		return parse_alloc_sites(&o->alloc_sites);
	case OPT_DEBUG_DIR:
		if (o->debug.nr_dirs == DEBUG_DIRS)
			return bad_value("--debug-dir", optarg, "at most 16 folders");
		a->debug_dirs[o->debug.nr_dirs++] = optarg;
		return EXIT_OK;
	case OPT_STRICT:
		a->strict = true;
		return EXIT_OK;
	case 'q':
		a->quiet = true;
		return EXIT_OK;
	case 'v':
		verbose = true;
		return EXIT_OK;
	}
	return EXIT_USAGE;
}

/* Returns an exit code, or -1 to go on. */
static int parse(int argc, char **argv, bool run, struct record_args *a)
{
	const struct session_opts *o = &a->session;
	int c, ret;

	optind = 1;
	/* '+': what follows CMD is CMD's */
	while ((c = getopt_long(argc, argv, run ? "+o:d:F:z::qvh" : "o:d:p:F:z::qvh", long_opts, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout, run);
			return EXIT_OK;
		}
		ret = parse_session_option(c, &a->session);
		ret = ret < 0 ? parse_option(c, a) : ret;
		if (ret) {
			if (c == '?')
				err("see tare %s --help", argv[0]);
			return ret;
		}
	}
	if ((a->trigger.ns || o->at_oom_kill) && !o->flight_ns) {
		err("--trigger says when to write what --flight holds: give that too");
		return EXIT_USAGE;
	}
	if (run) {
		a->session.argv = optind < argc ? argv + optind : NULL;
		if (o->argv && !o->pids.nr && !o->comm && !o->cgroup)
			return -1;
		err("%s; see tare run --help",
		    o->argv ? "run takes a command, no live target" : "what to run? Give a command");
		return EXIT_USAGE;
	}
	if (!!o->pids.nr + !!o->comm + !!o->cgroup == 1 && optind == argc)
		return -1;
	if (optind < argc)
		err("'%s' is not understood; a command is measured by tare run -- CMD", argv[optind]);
	else
		err("give the target by one of -p PID, --comm NAME, --cgroup PATH; see tare record --help");
	return EXIT_USAGE;
}

static char *join(int argc, char **argv)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	fprintf(f, "tare");
	for (int i = 0; i < argc; i++)
		fprintf(f, " %s", argv[i]);
	return fclose(f) ? NULL : text;
}

static void print_ending(int wait_status)
{
	if (wait_status == -1)
		return;
	if (WIFSIGNALED(wait_status))
		fprintf(stderr, "tare: the command was killed by signal %d (%s)\n", WTERMSIG(wait_status),
			strsignal(WTERMSIG(wait_status)));
	else
		fprintf(stderr, "tare: the command ended with status %d\n", WEXITSTATUS(wait_status));
}

/* Asked for each pause while it is recorded, by the thread that analyses. */
static bool on_pause(void *ctx, const struct model *m, const struct pause *p)
{
	struct record_args *a = ctx;

	limit__pause(&a->fail_over, m, p);
	if (!limit__pause(&a->trigger, m, p))
		return false;
	if (a->trigger.count == 1)
		fprintf(stderr, "tare: %s\n", a->trigger.text);
	return true;
}

/* Can what is written there be read after the recording? */
static bool is_file(const char *path)
{
	struct stat st;

	return strcmp(path, "-") && (lstat(path, &st) || S_ISREG(st.st_mode));
}

/* The analysis beside the recording is for what the file cannot tell, or not in time. Returns an exit code. */
static int set_up_analysis(struct record_args *a)
{
	struct session_opts *o = &a->session;
	int ret;

	o->flight_waits = a->trigger.ns || o->at_oom_kill;
	o->wants_pauses = a->trigger.ns || a->fail_over.ns;
	if (!a->trigger.ns && !(a->fail_over.ns && (o->flight_ns || !is_file(o->output))))
		return EXIT_OK;
	ret = live__start(&(struct live_opts){ .on_pause = on_pause, .ctx = a }, &a->live);
	if (ret) {
		err("cannot start a thread to analyse the recording: %s", strerror(-ret));
		return EXIT_FAILED;
	}
	a->listener = live__listener(a->live);
	o->listener = &a->listener;
	return EXIT_OK;
}

/* Returns an exit code. */
static int check_limits(const struct record_args *a, uint64_t left_out)
{
	if (a->fail_over.longest_ns) {
		err("--fail-over: %s%s", a->fail_over.text,
		    a->fail_over.count > 1 ? "; it is the longest of several" : "");
		return EXIT_LIMIT;
	}
	if (!left_out)
		return EXIT_OK;
	if (left_out != UINT64_MAX)
		warn("the analysis did not keep up: %llu frames of the recording are not in it",
		     (unsigned long long)left_out);
	if (!a->fail_over.ns)
		return EXIT_OK;
	err("whether --fail-over was crossed is not known; record to a file to have it read when all is recorded");
	return EXIT_FAILED;
}

/* What the file tells: the summary, and the longest pause. Returns an exit code. */
static int read_back(struct record_args *a)
{
	struct model *m = model__new();
	int ret;

	if (!m)
		return EXIT_FAILED;
	ret = report__read(a->session.output, m);
	if (!ret && !a->quiet)
		report__head(m, stdout);
	if (!ret && a->fail_over.ns && !a->live)
		limit__model(&a->fail_over, m);
	model__free(m);
	return ret ? EXIT_FAILED : EXIT_OK;
}

static int conclude(struct record_args *a, const struct session_result *result, int ret)
{
	bool wants_reading = !a->quiet || (a->fail_over.ns && !a->live);

	if (result->bytes && wants_reading && is_file(a->session.output))
		ret = read_back(a) ?: ret;
	if (!ret)
		ret = check_limits(a, a->live ? live__end(a->live) : 0);
	if (!ret && a->session.wants_pauses && !result->told) {
		if (a->session.at_oom_kill && !a->fail_over.ns) {
			warn("no process of the target told of stop-the-world pauses: only --trigger memory was watched");
		} else {
			err("no process of the target told of stop-the-world pauses: %s was never watched",
			    a->fail_over.ns ? "--fail-over" : "--trigger TIME");
			ret = EXIT_MISSING;
		}
	}
	if (result->lost && (!ret || ret == EXIT_LIMIT)) {
		warn("%llu events were lost: `tare report` says of which kind; a larger --memory may help",
		     (unsigned long long)result->lost);
		ret = ret ?: a->strict ? EXIT_FAILED : EXIT_OK;
	}
	return ret;
}

/* The command's own status, as a shell reports it; a failure of tare itself takes precedence. */
static int exit_code(int ret, int wait_status)
{
	if (ret || wait_status == -1)
		return ret;
	return WIFSIGNALED(wait_status) ? EXIT_SIGNAL + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* What went wrong with the recording, as an exit code. */
static int failure_code(int error, const struct session_result *result)
{
	if (result->exec_error)
		return result->exec_error == -ENOENT || result->exec_error == -ENOTDIR ? EXIT_NO_COMMAND :
											 EXIT_CANNOT_RUN;
	return session_exit_code(error);
}

static int record(int argc, char **argv, bool run)
{
	struct record_args a = { .session = { .output = TARE_DEFAULT_FILE,
					      .machine = &doctor_machine,
					      .compress = WRITER_WITHIN_BUDGET,
					      .sample_hz = DEFAULT_HZ,
					      .off_cpu_min_ns = OFF_CPU_MIN_NS } };
	struct session_result result = { .wait_status = -1 };
	char *cmdline = join(argc, argv);
	int ret = parse(argc, argv, run, &a);

	if (ret < 0) {
		a.session.debug.dirs = a.debug_dirs;
		a.session.debug.ask_ns = ASK_NS;
		a.session.cmdline = cmdline ?: "";
		ret = set_up_analysis(&a);
		if (!ret)
			ret = failure_code(session__record(&a.session, &result), &result);
		print_ending(result.wait_status);
		ret = exit_code(conclude(&a, &result, ret), result.wait_status);
	}
	live__free(a.live);
	free(cmdline);
	free(a.session.pids.pids);
	return ret;
}

int cmd_run(int argc, char **argv)
{
	return record(argc, argv, true);
}

int cmd_record(int argc, char **argv)
{
	return record(argc, argv, false);
}
