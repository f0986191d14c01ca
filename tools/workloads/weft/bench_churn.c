// SPDX-License-Identifier: BSD-2-Clause
/*
 * churn: a live heap of blocks, one after another replaced by a new one at random places. A block says where it belongs
 * and for the how manieth time, at its start and at its end.
 */
#include "bench.h"
#include "report.h"

#define LOOK_AT_CLOCK 64

struct churn {
	const struct options *options;
	int64_t tasks, slots, start_ns; /* slots: of each task */
	_Atomic uint64_t replaced;
};

static void put(uint64_t **live, int64_t slot, size_t words, uint64_t tag)
{
	uint64_t *block = weft_new_bytes(words * sizeof(*block)), *old = live[slot];

	if (block[0] || block[words - 1])
		scenario__die("churn: a new block is not zeroed");
	if (old && old[0] != old[words - 1])
		scenario__die("churn: a live block has been overwritten");
	block[0] = block[words - 1] = tag;
	WEFT_SET(&live[slot], block);
}

static void work(void *arg, int64_t index)
{
	struct churn *c = arg;
	const struct options *o = c->options;
	int64_t n = o->n_given ? scenario__share(o->n, c->tasks, index) : INT64_MAX, i;
	size_t words = o->block_bytes / sizeof(uint64_t);
	uint64_t **live = weft_new_array(&bench_pointer, c->slots), random = index;

	for (i = 0; i < c->slots; i++)
		put(live, i, words, i);
	for (i = 0; i < n; i++) {
		if (!o->n_given && i % LOOK_AT_CLOCK == 0 && scenario__now_ns() - c->start_ns >= o->duration_ns)
			break;
		put(live, scenario__random(&random) % c->slots, words, random);
	}
	c->replaced += i;
	scenario__keep(live);
}

int run_churn(const struct options *options)
{
	struct churn c = { .options = options, .tasks = program__tasks(options), .start_ns = scenario__now_ns() };
	struct span span = { .begin_ns = c.start_ns };

	c.slots = options->live_bytes / options->block_bytes / c.tasks;
	if (!c.slots)
		c.slots = 1;
	program__parallel(c.tasks, work, &c);
	span.end_ns = scenario__now_ns();
	return report__churn(options, c.slots * c.tasks, c.replaced, &span);
}
