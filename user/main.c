// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "util.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args, *what;
} commands[] = {
	{ "run", cmd_run, "[-o FILE] [-d TIME] -- CMD [ARG...]", "start CMD and measure it until it ends" },
	{ "record", cmd_record, "[-o FILE] [-d TIME] -p PID[,PID...]",
	  "attach to live processes (or --comm NAME, --cgroup PATH)" },
	{ "report", cmd_report, "[-i FILE] [--threads] [--json]",
	  "what it cost: the ledger of CPU time, switches, pauses" },
	{ "pauses", cmd_pauses, "[-i FILE] [--longest N] [--json]", "each stop-the-world pause and its causes" },
	{ "goroutines", cmd_goroutines, "-p PID [--stacks] [--again TIME]",
	  "all goroutines of a live process, not stopped" },
	{ "diff", cmd_diff, "[--per N[,M]] [--json] A B", "two recordings: what differs by more than noise" },
	{ "heap", cmd_heap, "-p PID [--top N] [--alloc] [--json]", "what a live process allocated, by site" },
	{ "top", cmd_top, "-p PID[,PID...] [-d TIME] [-b] [-n N]", "a live view: threads, pauses, waits, allocation" },
	{ "export", cmd_export, "[-i FILE] -f FORMAT [-o OUT]", "for other tools: perfetto, perf-script, json-lines" },
	{ "serve", cmd_serve, "[--listen ADDR:PORT] TARGET", "leave it running: metrics for Prometheus over HTTP" },
	{ "claims", cmd_claims, "[--quick] [--html] [CLAIM...]", "what is said of runtimes, put on the scale" },
	{ "calibrate", cmd_calibrate, "[--again] [--json]", "what it costs to get into a probe, on this machine" },
	{ "doctor", cmd_doctor, "[--json]", "what this kernel and these privileges allow" },
};

static void usage(FILE *to)
{
	fprintf(to,
		"tare weighs what a language runtime really costs, at the kernel.\n\nusage: tare [-v] COMMAND ...\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  tare %-10s %-38s %s\n", commands[i].name, commands[i].args, commands[i].what);
	fprintf(to,
		"\n`tare COMMAND --help` tells more; `man tare` tells all.\n"
		"run, record and serve need root, or capabilities (`man tare`, PRIVILEGES); to read a recording nothing.\n\n"
		"examples:\n"
		"  tare run -- ./server             measure a program from its first instruction\n"
		"  tare record -p 4711 -d 10s       measure a live process for ten seconds\n"
		"  tare report --threads            read tare.data, thread by thread\n");
}

static int run(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-v") || !strcmp(argv[i], "--verbose")) {
			verbose = true;
		} else if (!strcmp(argv[i], "-V") || !strcmp(argv[i], "--version")) {
			printf("tare %s\n", TARE_VERSION);
			return EXIT_OK;
		} else if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			usage(stdout);
			return EXIT_OK;
		} else {
			err("no option %s here; see tare --help", argv[i]);
			return EXIT_USAGE;
		}
	}
	if (i >= argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
		if (!strcmp(argv[i], commands[c].name))
			return commands[c].run(argc - i, argv + i);
	}
	err("no command %s; see tare --help", argv[i]);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	int code, ret;

	/* so that what is not too long is written at the end: then it is known why it could not be */
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	code = run(argc, argv);
	ret = code == EXIT_OK ? flush_all(stdout) : 0;
	if (!ret || ret == -EPIPE)
		return code;
	err("cannot write to standard output: %s", strerror(-ret));
	return EXIT_FAILED;
}
