// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "report.h"
#include "util.h"

static const struct {
	const char *name, *title;
	size_t offset;
} distributions[] = {
	{ "run-queue", "run-queue wait", offsetof(struct switches, run_queue) },
	{ "slice", "time on a CPU, from coming to leaving", offsetof(struct switches, slice) },
	{ "throttled", "throttled time, of each wait that had any", offsetof(struct switches, throttled) },
	{ "wake-up", "from being woken to running", offsetof(struct switches, wake_latency) },
	{ "switch-cost", "direct cost of a switch in the kernel", offsetof(struct switches, direct_cost) },
};

const struct hist *report__distribution(const struct model *m, const char *name, const char **title)
{
	for (size_t i = 0; i < ARRAY_SIZE(distributions); i++) {
		if (strcmp(distributions[i].name, name))
			continue;
		*title = distributions[i].title;
		return (const struct hist *)((const char *)&m->switches + distributions[i].offset);
	}
	return NULL;
}

const char *report__distribution_names(void)
{
	static char names[128];
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(distributions) && len < sizeof(names); i++)
		len += snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "", distributions[i].name);
	return names;
}

/* Values of 2^32 and above need wider columns. bcc then halves the bars, so we do too. */
#define NARROW_SLOTS 32

void report__histogram(const struct hist *h, const char *title, FILE *to)
{
	static const char stars[] = "****************************************";
	uint64_t counts[64], most = 0;
	int first = -1, last = -1, bar, width;

	for (int i = 0; i < 64; i++) {
		counts[i] = hist__log2(h, i);
		if (!counts[i])
			continue;
		first = first < 0 ? i : first;
		last = i;
		most = counts[i] > most ? counts[i] : most;
	}
	if (last < 0)
		return;
	width = last < NARROW_SLOTS ? 10 : 20;
	bar = last < NARROW_SLOTS ? 40 : 20;
	fprintf(to, "\n%s\n%*s%-*s : count     distribution\n", title, width - 5, "", width + 9, "nsecs");
	/* skip leading empty rows: durations do not begin at 0 */
	for (int i = first; i <= last; i++)
		fprintf(to, "%*llu -> %-*llu : %-8" PRIu64 " |%-*.*s|\n", width, i ? 1ull << i : 0, width,
			(2ull << i) - 1, counts[i], bar, (int)((double)bar * counts[i] / most), stars);
}
