// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as an execution trace: through its reader, and drawn into an export of an empty recording. */
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "gotrace.h"
#include "merged.h"
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sink;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void use(const char *text)
{
	if (text)
		sink += strlen(text);
}

static void read_through(FILE *from, size_t size)
{
	const char *problem = NULL;
	struct run_event ev;
	uint64_t nr = 0;
	void *self;
	int ret;

	check(!go_trace.open(from, &self));
	while ((ret = go_trace.next(self, &ev, &problem)) > 0) {
		/* each takes two bytes at least, and means three at most */
		check(++nr <= 2 * size && ev.kind <= RUN_LOG);
		check(ev.was <= RUN_WAITING && ev.state <= RUN_WAITING);
		use(ev.function);
		use(ev.reason);
		use(ev.at);
		use(ev.name);
		use(ev.value);
	}
	check(!ret);
	use(problem);
	go_trace.close(self);
}

static void draw(FILE *from, const struct exporter *format)
{
	struct merged merged = { .path = "fuzz", .from = from, .format = &go_trace, .pid = 1, .same_tids = true };
	struct export_opts opts = { .merged = &merged };
	struct model *m = model__new();
	FILE *null = fopen("/dev/null", "w");
	void *state;

	check(m && null);
	merged.to_ns = UINT64_MAX;
	merged.goroutines = merged.nr_lanes = MERGED_LANES;
	for (unsigned i = 0; i < MERGED_LANES; i++)
		merged.lanes[i].id = i + 1;
	export__taken(&opts, m);
	check(!format->begin(null, &opts, &state));
	check(!format->end(state));
	fclose(null);
	model__free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1); /* of exactly that size */
	char why[160];
	FILE *from;

	check(copy != NULL);
	memcpy(copy, data, size);
	from = size ? fmemopen(copy, size, "r") : NULL;
	if (from && run_trace__format(from, why, sizeof(why)) == &go_trace) {
		read_through(from, size);
		draw(from, &exporter_perfetto);
		draw(from, &exporter_chrome);
	}
	if (from)
		fclose(from);
	free(copy);
	return 0;
}
