// SPDX-License-Identifier: BSD-2-Clause
/*
 * load-bench [options] -- SERVER ARGS...: starts an HTTP server, loads it by an open loop at a fixed rate, then finds
 * its limit by a closed one, ends it, and prints what it was like as one JSON line.
 */
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "drive.h"
#include "http.h"
#include "server.h"

#define ENDS_NS 5000000000ll /* a process takes to end, once its sockets are closed */

const char program_name[] = "load-bench";

struct plan {
	double rate, seconds, warm_up_seconds, connections;
	bool limit_only;
	char **command;
};

static const char help[] =
	"usage: load-bench [-r RATE] [-j CONNECTIONS] [-t SECONDS] [-w SECONDS] [--limit] -- SERVER ARGS...\n"
	"  -r RATE         requests a second, due at equal gaps (500)\n"
	"  -j CONNECTIONS  kept alive (32)\n"
	"  -t SECONDS      of the load, and of the search for the limit after it (2)\n"
	"  -w SECONDS      of the same before, to warm up (0.5)\n"
	"  --limit         only the limit: each connection asks again as soon as it is answered\n"
	"SERVER prints {\"port\":P} in a first line and its own result as JSON in a last one, when it is told to end by\n"
	"SIGTERM. It must not be a shell that starts the server: CPU time and memory are those of this process.\n"
	"A latency counts from when the request was due until its answer came; late is load-bench's own part of that.\n";

static const struct option long_options[] = { { "limit", no_argument, NULL, 'L' },
					      { "help", no_argument, NULL, 'h' },
					      { NULL, 0, NULL, 0 } };

static _Noreturn void wrong(const char *what, const char *value)
{
	fprintf(stderr, "%s: %s%s\n%s", program_name, what, value, help);
	exit(2);
}

static double number(const char *text, double most)
{
	char *end;
	double x = strtod(text, &end);

	if (end == text || *end || !(x > 0) || x > most)
		wrong("not a number above 0, or too large: ", text);
	return x;
}

static struct plan parse(int argc, char **argv)
{
	struct plan p = { .rate = 500, .seconds = 2, .warm_up_seconds = 0.5, .connections = 32 };
	const struct {
		int letter;
		double *value, most;
	} numbers[] = {
		{ 'r', &p.rate, 1e7 },
		{ 'j', &p.connections, 1e5 },
		{ 't', &p.seconds, 1e6 },
		{ 'w', &p.warm_up_seconds, 1e6 },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "+hr:j:t:w:", long_options, NULL)) != -1) {
		if (opt == 'h') {
			fputs(help, stdout);
			exit(fflush(stdout) ? 1 : 0);
		}
		if (opt == '?')
			wrong("see below for the options", "");
		p.limit_only |= opt == 'L';
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			if (numbers[i].letter == opt)
				*numbers[i].value = number(optarg, numbers[i].most);
	}
	if (p.connections != (int)p.connections)
		wrong("-j: a whole number is wanted", "");
	if (optind == argc)
		wrong("which server?", "");
	p.command = argv + optind;
	return p;
}

/*
 * Beside others on the same CPUs it would often be late, which a client on a machine of its own is not. It may run
 * before them if it is allowed to, as it needs little time. Returns how.
 */
static const char *be_prompt(void)
{
	struct sched_param least = { .sched_priority = sched_get_priority_min(SCHED_FIFO) };

	if (!sched_setscheduler(0, SCHED_FIFO, &least))
		return "fifo";
	return setpriority(PRIO_PROCESS, 0, -20) ? "normal" : "nice -20";
}

static bool right(void *arg, int status, uint64_t sum, uint64_t seed)
{
	return status == 200;
}

/* What a part of the plan has come to */
struct part {
	struct drive_result r;
	int64_t server_cpu_ns;
};

/* What cannot go on ends the process */
static void run(struct drive *d, double rate, double seconds, struct part *part)
{
	struct drive_load load = { .rate = rate, .even = true, .duration_ns = seconds * 1e9 };
	int64_t cpu_ns = server__cpu_ns();
	int left = drive__run(d, &load, &part->r);

	server__must_live(left ? 0 : ENDS_NS);
	part->server_cpu_ns = server__cpu_ns() - cpu_ns;
	if (!left)
		scenario__die("the server has ended all connections; they must stay, also over many requests");
	if (!part->r.answered)
		scenario__die("no request of %llu was answered with status 200", (unsigned long long)part->r.n);
}

static void print_load(const struct plan *p, const struct part *part)
{
	const struct drive_result *r = &part->r;

	result__span("load", &r->span, r->answered);
	result__span("slowest", &r->slowest, 1);
	result__real("rate", p->rate);
	result__int("requests", r->n);
	result__int("errors", r->errors);
	result__int("p50_ns", histogram__quantile(&r->latency, 0.5));
	result__int("p99_ns", histogram__quantile(&r->latency, 0.99));
	result__int("p999_ns", histogram__quantile(&r->latency, 0.999));
	result__int("max_ns", r->latency.max_ns);
	histogram__print(&r->service, "service");
	histogram__print(&r->late, "late");
	result__int("server_cpu_ns_per_request", part->server_cpu_ns / (int64_t)r->answered);
}

static void print_limit(const struct part *part)
{
	const struct drive_result *r = &part->r;
	double seconds = (r->span.end_ns - r->span.begin_ns) / 1e9;

	result__span("limit", &r->span, r->answered);
	result__real("limit_per_second", r->answered / seconds);
	result__int("limit_errors", r->errors);
	/* of one CPU; near 1: this is the limit of load-bench */
	result__real("limit_load_cpu", r->cpu_ns / 1e9 / seconds);
}

int main(int argc, char **argv)
{
	struct drive_http http = { http__request_root, right, NULL };
	struct plan p = parse(argc, argv);
	static struct part warm_up, load, limit;
	struct sockaddr_in addr;
	const char *priority;
	int64_t peak_bytes;
	struct drive *d;
	char *last;
	int code;

	server__start(p.command);
	addr = server__address();
	priority = be_prompt();
	d = drive__connect(&addr, p.connections, &http);
	run(d, p.limit_only ? 0 : p.rate, p.warm_up_seconds, &warm_up);
	if (!p.limit_only)
		run(d, p.rate, p.seconds, &load);
	run(d, 0, p.seconds, &limit);
	peak_bytes = server__peak_bytes();
	drive__close(d);
	last = server__end();

	result__open("server");
	result__int("server_pid", server__pid());
	result__int("connections", p.connections);
	result__real("seconds", p.seconds);
	result__text("load_priority", priority);
	if (!p.limit_only)
		print_load(&p, &load);
	print_limit(&limit);
	result__int("server_peak_resident_bytes", peak_bytes);
	result__json("server", last ? last : "null");
	code = result__end();
	free(last);
	return code;
}
