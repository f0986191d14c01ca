// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "process.h"
#include "recorded_heap.h"

int recorded_heap__of(struct recorded_heap *r, const struct model *m, const struct heap_readings_of *of)
{
	const struct heap_reading *last = heap_readings__last(of), *begin = heap_readings__first(&m->heaps, of);
	bool is_new = programs__since(&m->programs, last->head.pid, last->head.ts_ns) >= model__begin(m);
	int ret;

	heap_named__init(&r->now);
	heap_named__init(&r->begin);
	r->has_begin = begin || is_new;
	r->is_begin = !begin && last->head.flags & TARE_HEAP_BEGIN;
	r->ts_ns = last->head.ts_ns;
	strncat(r->now.comm, model__process_name(m, of->process), sizeof(r->now.comm) - 1);
	ret = heap_reading__name(last, &m->profile.stacks, &m->symbols, &r->now);
	if (!ret && begin && !is_new)
		ret = heap_reading__name(begin, &m->profile.stacks, &m->symbols, &r->begin);
	return ret;
}

void recorded_heap__free(struct recorded_heap *r)
{
	heap_named__free(&r->now);
	heap_named__free(&r->begin);
}
