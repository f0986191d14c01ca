// SPDX-License-Identifier: BSD-2-Clause
#include "memory_calls.h"

void memory_calls__event(struct model_memory_calls *m, const struct event *ev)
{
	const struct tare_memory_calls *e = &ev->memory_calls;
	uint64_t covered = e->covered_ns > e->seen_ns ? e->covered_ns : e->seen_ns;
	double scale = e->seen_ns ? (double)covered / e->seen_ns : 0;
	struct memory_call *c = &m->calls[e->call < TARE_NR_MEMORY_CALLS ? e->call : TARE_CALL_ANY];

	if (!e->pid) {
		m->seen_ns += e->seen_ns;
		m->covered_ns += covered;
		return;
	}
	c->count += scale * e->count;
	c->failed += scale * e->failed;
	c->ns += scale * e->ns;
	c->bytes += scale * e->bytes;
	c->seen += e->count;
	if (e->max_ns > c->max_ns)
		c->max_ns = e->max_ns;
}
