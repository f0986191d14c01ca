// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <sys/param.h>
#include <unistd.h>

#include "bytes_heap.h"
#include "smaps.h"
#include "util.h"

bool bytes_heap__has(const struct runtime_memory *m, uint64_t start, uint64_t end)
{
	for (size_t i = 0; m && i < m->nr_heaps; i++)
		if (m->heaps[i].start < end && m->heaps[i].end > start)
			return true;
	return false;
}

/* Read from @start on, up to @end at most. */
static int fill(struct bytes_window *w, uint64_t start, uint64_t end, uint64_t page)
{
	size_t nr = (end - start) / page < BYTES_WINDOW ? (end - start) / page : BYTES_WINDOW;
	ssize_t n = nr && w->from->pages ? w->from->pages(start, w->entries, nr, w->from->ctx) : -EINVAL;

	w->start = start;
	w->end = n > 0 ? start + n * page : start;
	return n > 0 ? 0 : n ? n : -EFAULT;
}

int bytes_window__count(struct bytes_window *w, uint64_t start, uint64_t end, uint64_t ahead, uint64_t *bytes)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	int ret = 0;

	while (!ret && start < end) {
		if (start < w->start || start >= w->end)
			ret = fill(w, start, ahead, page);
		for (; !ret && start < end && start < w->end; start += page)
			*bytes += w->entries[(start - w->start) / page] & PAGEMAP_PRESENT ? page : 0;
	}
	return ret;
}

/* All of the current span has been looked at. */
static void end_span(struct bytes_heap *h)
{
	static const enum tare_bytes_class classes[] = {
		[RUNTIME_SPAN_STACK] = TARE_BYTES_GREEN_STACKS,
		[RUNTIME_SPAN_OWN] = TARE_BYTES_RUNTIME,
	};
	const struct runtime_span *s = &h->window.from->memory->spans[h->span++];
	uint64_t used;

	if (s->kind == RUNTIME_SPAN_OBJECTS) {
		used = MIN(s->used, h->resident);
		h->objects[s->age] += used;
		h->used[s->age] += s->used;
		h->classes[TARE_BYTES_HEAP_UNUSED] += h->resident - used;
	} else {
		h->classes[classes[s->kind]] += h->resident;
	}
	h->resident = 0;
}

/* The class of what is at @at, outside of spans; and its end, if that is before *@end. */
static enum tare_bytes_class outside(const struct runtime_memory *m, uint64_t at, uint64_t *end)
{
	for (size_t i = 0; i < m->nr_heaps; i++) {
		const struct runtime_heap *heap = &m->heaps[i];

		if (at < heap->start) {
			*end = MIN(*end, heap->start);
			break;
		}
		if (at < heap->end) {
			*end = MIN(*end, heap->end);
			return TARE_BYTES_HEAP_FREE;
		}
	}
	return TARE_BYTES_ANONYMOUS;
}

int bytes_heap__add(struct bytes_heap *h, uint64_t start, uint64_t end, uint64_t rss)
{
	const struct runtime_memory *m = h->window.from->memory;
	uint64_t to, bytes, all = 0;
	int ret = 0;

	for (uint64_t at = start; !ret && at < end; at = to) {
		enum tare_bytes_class class;

		while (h->span < m->nr_spans && m->spans[h->span].end <= at)
			end_span(h);
		to = end;
		bytes = 0;
		if (h->span < m->nr_spans && at >= m->spans[h->span].start) {
			to = MIN(to, m->spans[h->span].end);
			ret = bytes_window__count(&h->window, at, to, end, &bytes);
			h->resident += bytes;
		} else {
			if (h->span < m->nr_spans)
				to = MIN(to, m->spans[h->span].start);
			class = outside(m, at, &to);
			ret = bytes_window__count(&h->window, at, to, end, &bytes);
			h->classes[class] += bytes;
		}
		all += bytes;
	}
	h->excess += all > rss ? all - rss : 0;
	return ret;
}

/* Memory that is only read is the page of zeros: mostly objects without contents. */
static void take_off(struct bytes_heap *h)
{
	uint64_t *from[] = { &h->objects[RUNTIME_AGE_FRESH], &h->objects[RUNTIME_AGE_MIXED],
			     &h->objects[RUNTIME_AGE_LIVE], &h->classes[TARE_BYTES_HEAP_UNUSED],
			     &h->classes[TARE_BYTES_HEAP_FREE] };

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		uint64_t n = MIN(*from[i], h->excess);

		*from[i] -= n;
		h->excess -= n;
	}
}

static uint64_t part_of(uint64_t whole, uint64_t part, uint64_t of)
{
	uint64_t n = of ? (double)part / of * whole : 0;

	return MIN(n, whole);
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Of spans with many objects, each object is as resident as any other. */
static void divide_mixed(struct bytes_heap *h)
{
	const struct runtime_memory *m = h->window.from->memory;
	uint64_t mixed = h->objects[RUNTIME_AGE_MIXED], live, fresh, dead, all;

	live = minus(m->live, h->used[RUNTIME_AGE_LIVE]);
	fresh = minus(m->fresh, h->used[RUNTIME_AGE_FRESH]);
	all = live + fresh + m->dead;
	live = part_of(mixed, live, all);
	dead = part_of(mixed - live, m->dead, all - minus(m->live, h->used[RUNTIME_AGE_LIVE]));
	h->classes[TARE_BYTES_HEAP_LIVE] += live + h->objects[RUNTIME_AGE_LIVE];
	h->classes[TARE_BYTES_HEAP_DEAD] += dead;
	h->classes[TARE_BYTES_HEAP_NEW] += mixed - live - dead + h->objects[RUNTIME_AGE_FRESH];
}

void bytes_heap__end(struct bytes_heap *h)
{
	const struct runtime_memory *m = h->window.from->memory;

	if (!m)
		return;
	while (h->span < m->nr_spans)
		end_span(h);
	take_off(h);
	divide_mixed(h);
}
