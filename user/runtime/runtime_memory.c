// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "runtime_memory.h"

int runtime_memory__add_heap(struct runtime_memory *m, uint64_t start, uint64_t end)
{
	if (ARRAY_GROW(m->heaps, m->room_heaps, m->nr_heaps + 1))
		return -ENOMEM;
	m->heaps[m->nr_heaps++] = (struct runtime_heap){ start, end };
	return 0;
}

int runtime_memory__add_span(struct runtime_memory *m, const struct runtime_span *span)
{
	if (ARRAY_GROW(m->spans, m->room_spans, m->nr_spans + 1))
		return -ENOMEM;
	m->spans[m->nr_spans++] = *span;
	return 0;
}

void runtime_memory__add_place(struct runtime_memory *m, uint64_t start, uint64_t bytes)
{
	if (start && bytes && start + bytes > start && m->nr_places < RUNTIME_MAX_PLACES)
		m->places[m->nr_places++] = (struct runtime_heap){ start, start + bytes };
}

static int span_order(const void *a, const void *b)
{
	const struct runtime_span *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static int heap_order(const void *a, const void *b)
{
	const struct runtime_heap *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static bool is_sorted(const struct runtime_memory *m)
{
	for (size_t i = 1; i < m->nr_spans; i++)
		if (m->spans[i - 1].start > m->spans[i].start)
			return false;
	return true;
}

void runtime_memory__sort(struct runtime_memory *m)
{
	if (m->nr_heaps)
		qsort(m->heaps, m->nr_heaps, sizeof(*m->heaps), heap_order);
	if (!is_sorted(m))
		qsort(m->spans, m->nr_spans, sizeof(*m->spans), span_order);
	for (size_t i = 1; i < m->nr_spans; i++)
		if (m->spans[i - 1].end > m->spans[i].start)
			m->spans[i - 1].end = m->spans[i].start;
	for (size_t i = 1; i < m->nr_heaps; i++)
		if (m->heaps[i - 1].end > m->heaps[i].start)
			m->heaps[i - 1].end = m->heaps[i].start;
}

void runtime_memory__free(struct runtime_memory *m)
{
	free(m->heaps);
	free(m->spans);
	*m = (struct runtime_memory){ 0 };
}
