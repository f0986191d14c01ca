// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "result.h"

void result__begin(enum scenario_id id, const struct options *options)
{
	printf("{\"scenario\":\"%s\",\"runtime\":\"%s\"", scenarios[id].name, runtime_name);
	result__int("procs", program__procs());
	if (options->mode_name)
		printf(",\"mode\":\"%s\"", options->mode_name);
}

void result__int(const char *key, int64_t value)
{
	printf(",\"%s\":%" PRId64, key, value);
}

void result__real(const char *key, double value)
{
	if (isfinite(value))
		printf(",\"%s\":%.3f", key, value);
	else
		result__null(key);
}

void result__null(const char *key)
{
	printf(",\"%s\":null", key);
}

void result__duration(const struct options *options)
{
	if (options->n_given)
		result__null("duration_ns");
	else
		result__int("duration_ns", options->duration_ns);
}

/* Of this program alone: getrusage()'s figure takes in what ran in the process before execve() */
static int64_t peak_resident_bytes(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	long long kib = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lld kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib * 1024;
}

void result__memory(void)
{
	struct memory_figures m;

	program__memory(&m);
	result__int("collections", m.collections);
	result__int("heap_bytes", m.heap_bytes);
	result__int("mapped_bytes", m.mapped_bytes);
	result__int("resident_bytes", result__resident_bytes());
	result__int("peak_resident_bytes", peak_resident_bytes());
}

int result__end(void)
{
	printf("}\n");
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr, "%s: the result cannot be written to standard output\n", program_name);
	return 1;
}

int64_t result__resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long long size, resident = 0;

	if (!f || fscanf(f, "%lld %lld", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}
