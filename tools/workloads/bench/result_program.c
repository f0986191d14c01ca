// SPDX-License-Identifier: BSD-2-Clause
/*
 * What each scenario's result says of its program.
 */
#include <stdio.h>
#include <unistd.h>

#include "result.h"

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

void result__begin(enum scenario_id id, const struct options *options)
{
	result__open(scenarios[id].name);
	result__text("runtime", runtime_name);
	result__text("version", COMPILER);
	result__int("procs", program__procs());
	if (options->mode_name)
		result__text("mode", options->mode_name);
}

void result__duration(const struct options *options)
{
	if (options->n_given)
		result__null("duration_ns");
	else
		result__int("duration_ns", options->duration_ns);
}

static int64_t statm_bytes(int field)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long long pages[2] = { 0 };

	if (!f || fscanf(f, "%lld %lld", &pages[0], &pages[1]) != 2)
		pages[field] = 0;
	if (f)
		fclose(f);
	return pages[field] * sysconf(_SC_PAGESIZE);
}

int64_t result__resident_bytes(void)
{
	return statm_bytes(1);
}

int64_t result__virtual_bytes(void)
{
	return statm_bytes(0);
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
