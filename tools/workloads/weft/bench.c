// SPDX-License-Identifier: BSD-2-Clause
/*
 * weft-bench NAME [-n N] [-t SECONDS] [-m MODE] [-p PROCS]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const struct bench *const benches[] = { &bench_pingpong, &bench_spawn, &bench_idle, &bench_preempt };
#define N_BENCHES (sizeof(benches) / sizeof(benches[0]))

static struct bench_options options = { .duration_ns = 1000000000 };

static int run(void *arg)
{
	const struct bench *bench = arg;

	return bench->run(&options);
}

static int usage(void)
{
	fprintf(stderr, "usage: weft-bench NAME [-n N] [-t SECONDS] [-m MODE] [-p PROCS]\n");
	for (size_t i = 0; i < N_BENCHES; i++)
		fprintf(stderr, "  %-10s %s\n", benches[i]->name, benches[i]->help);
	return 2;
}

static double number(const char *text, double most)
{
	char *end;
	double x = strtod(text, &end);

	if (end == text || *end || !(x > 0) || x > most) {
		fprintf(stderr, "weft-bench: %s: a number above 0 and up to %g is wanted\n", text, most);
		exit(2);
	}
	return x;
}

int main(int argc, char **argv)
{
	const struct bench *bench = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "n:t:m:p:")) != -1) {
		switch (opt) {
		case 'n':
			options.n = number(optarg, 1e15);
			break;
		case 't':
			options.duration_ns = number(optarg, 1e6) * 1e9;
			break;
		case 'm':
			options.mode = optarg;
			break;
		case 'p':
			setenv("WEFT_PROCS", optarg, 1);
			break;
		default:
			return usage();
		}
	}
	for (size_t i = 0; i < N_BENCHES && optind < argc; i++)
		if (!strcmp(argv[optind], benches[i]->name))
			bench = benches[i];
	if (!bench || optind + 1 != argc)
		return usage();
	return weft_main(run, (void *)bench);
}
