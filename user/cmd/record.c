// SPDX-License-Identifier: BSD-2-Clause
/* `tare run` and `tare record`: one starts its target, the other finds it alive; the rest is the same. */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd.h"
#include "model.h"
#include "report.h"
#include "session.h"
#include "util.h"

enum { OPT_COMM = 256, OPT_CGROUP, OPT_FOLLOW, OPT_RING, OPT_STRICT, OPT_GOROUTINES };

static const struct option long_opts[] = {
	{ "output", required_argument, NULL, 'o' },	 { "duration", required_argument, NULL, 'd' },
	{ "pid", required_argument, NULL, 'p' },	 { "comm", required_argument, NULL, OPT_COMM },
	{ "cgroup", required_argument, NULL, OPT_CGROUP }, { "follow", no_argument, NULL, OPT_FOLLOW },
	{ "ring-size", required_argument, NULL, OPT_RING }, { "strict", no_argument, NULL, OPT_STRICT },
	{ "quiet", no_argument, NULL, 'q' },		 { "verbose", no_argument, NULL, 'v' },
	{ "goroutines", no_argument, NULL, OPT_GOROUTINES }, { "help", no_argument, NULL, 'h' },
	{},
};

struct record_args {
	struct session_opts session;
	bool strict, quiet;
};

static void usage(FILE *to, bool run)
{
	if (run)
		fprintf(to, "usage: tare run [options] -- CMD [ARG...]\n\n"
			    "Starts CMD stopped, attaches, lets it go and measures it and its children until it ends.\n"
			    "Signals sent to tare go on to CMD; how CMD ended is reported, tare's own status is 0.\n\n");
	else
		fprintf(to, "usage: tare record [options] -p PID[,PID...] | --comm NAME | --cgroup PATH\n\n"
			    "Attaches to live processes, all their threads, and measures them until Ctrl-C.\n\n"
			    "  -p, --pid PID[,PID...]  these processes\n"
			    "      --comm NAME         all processes of this name, and those that take it later\n"
			    "      --cgroup PATH       all processes in this cgroup's folder and below, also later ones\n"
			    "      --follow            their children too\n");
	fprintf(to, "  -o, --output FILE       where to record to (%s; -: standard output)\n"
		    "  -d, --duration TIME     end after 10s, 500ms, ...; a bare number is seconds%s\n"
		    "      --goroutines        each step of each goroutine too: dear where there are many a second\n"
		    "      --ring-size SIZE    buffer of each CPU, a power of two (4K .. 1G)\n"
		    "      --strict            exit 1 where anything was lost\n"
		    "  -q, --quiet             no summary at the end\n",
		TARE_DEFAULT_FILE, run ? "; CMD gets SIGTERM then" : "");
}

static int parse_pids(char *list, struct pids *pids)
{
	char *save, *end;

	for (char *s = strtok_r(list, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		long pid = strtol(s, &end, 10);

		if (*end || pid <= 0 || pid > INT32_MAX) {
			err("'%s' is no process id", s);
			return EXIT_USAGE;
		}
		if (pids__add(pids, pid) < 0)
			return EXIT_FAILED;
	}
	if (pids->nr)
		return EXIT_OK;
	err("-p takes process ids, separated by commas");
	return EXIT_USAGE;
}

static int bad_value(const char *option, const char *value, const char *want)
{
	err("%s takes %s, not '%s'", option, want, value);
	return EXIT_USAGE;
}

static int parse_option(int c, struct record_args *a)
{
	struct session_opts *o = &a->session;

	switch (c) {
	case 'o':
		o->output = optarg;
		return EXIT_OK;
	case 'd':
		return parse_duration(optarg, &o->duration_ns) ? bad_value("-d", optarg, "a time like 10s or 500ms") : EXIT_OK;
	case 'p':
		return parse_pids(optarg, &o->pids);
	case OPT_COMM:
		o->comm = optarg;
		return *optarg ? EXIT_OK : bad_value("--comm", optarg, "a name");
	case OPT_CGROUP:
		o->cgroup = optarg;
		return EXIT_OK;
	case OPT_FOLLOW:
		o->follow = true;
		return EXIT_OK;
	case OPT_RING:
		if (parse_size(optarg, &o->ring_bytes) || o->ring_bytes < 4096 || o->ring_bytes > 1ull << 30 ||
		    (o->ring_bytes & (o->ring_bytes - 1)))
			return bad_value("--ring-size", optarg, "a power of two from 4K to 1G");
		return EXIT_OK;
	case OPT_GOROUTINES:
		o->goroutines = true;
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
	while ((c = getopt_long(argc, argv, run ? "+o:d:qvh" : "o:d:p:qvh", long_opts, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout, run);
			return EXIT_OK;
		}
		ret = parse_option(c, a);
		if (ret) {
			if (c == '?')
				err("see tare %s --help", argv[0]);
			return ret;
		}
	}
	if (run) {
		a->session.argv = optind < argc ? argv + optind : NULL;
		if (o->argv && !o->pids.nr && !o->comm && !o->cgroup)
			return -1;
		err("%s; see tare run --help", o->argv ? "run takes a command, no live target" : "what to run? Give a command");
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

static int print_summary(const char *path)
{
	struct model *m = model__new();
	int ret;

	if (!m)
		return EXIT_FAILED;
	ret = report__read(path, m);
	if (!ret)
		report__head(m, stdout);
	model__free(m);
	return ret ? EXIT_FAILED : EXIT_OK;
}

static int record(int argc, char **argv, bool run)
{
	struct record_args a = { .session.output = TARE_DEFAULT_FILE };
	struct session_result result = { .wait_status = -1 };
	char *cmdline = join(argc, argv);
	int ret = parse(argc, argv, run, &a);

	if (ret < 0) {
		a.session.cmdline = cmdline ?: "";
		ret = session__record(&a.session, &result);
		print_ending(result.wait_status);
		if (result.bytes && !a.quiet && strcmp(a.session.output, "-"))
			ret = print_summary(a.session.output) ?: ret;
		if (result.lost && !ret) {
			warn("%llu events were lost: `tare report` says of which kind; a larger --ring-size may help",
			     (unsigned long long)result.lost);
			ret = a.strict ? EXIT_FAILED : ret;
		}
	}
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
