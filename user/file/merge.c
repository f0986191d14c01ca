// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "event.h"
#include "format.h"
#include "merge.h"

struct entry {
	uint64_t ts_ns;
	uint32_t off, len;
};

struct stream {
	unsigned char *data;
	size_t used, size;
	struct entry *entries;
	size_t head, nr, room; /* entries head..nr are waiting */
	unsigned place;	       /* 1 + index in merge.heap; 0: nothing waiting */
};

/*
 * How many records one may pass on the way to its place. An interrupt passes very few. Beyond this limit a record stays
 * where it is and counts as late: otherwise a file in reverse order would take quadratic time to read.
 */
#define MAX_OVERTAKEN 256

static struct stream *merge__stream(struct merge *m, unsigned cpu)
{
	unsigned nr = cpu + 1;

	if (cpu < m->nr_streams)
		return &m->streams[cpu];
	if (ARRAY_GROW(m->streams, m->room_streams, nr) || ARRAY_GROW(m->heap, m->room_heap, nr))
		return NULL;
	memset(m->streams + m->nr_streams, 0, (nr - m->nr_streams) * sizeof(*m->streams));
	m->nr_streams = nr;
	return &m->streams[cpu];
}

static uint64_t stream__first(const struct stream *s)
{
	return s->entries[s->head].ts_ns;
}

static void merge__put(struct merge *m, unsigned at, unsigned cpu)
{
	m->heap[at] = cpu;
	m->streams[cpu].place = at + 1;
}

static void merge__sift_up(struct merge *m, unsigned at)
{
	unsigned cpu = m->heap[at];

	while (at && stream__first(&m->streams[m->heap[(at - 1) / 2]]) > stream__first(&m->streams[cpu])) {
		merge__put(m, at, m->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	merge__put(m, at, cpu);
}

static void merge__sift_down(struct merge *m, unsigned at)
{
	unsigned cpu = m->heap[at];

	for (;;) {
		unsigned min = 2 * at + 1;

		if (min + 1 < m->heap_len &&
		    stream__first(&m->streams[m->heap[min + 1]]) < stream__first(&m->streams[m->heap[min]]))
			min++;
		if (min >= m->heap_len || stream__first(&m->streams[m->heap[min]]) >= stream__first(&m->streams[cpu]))
			break;
		merge__put(m, at, m->heap[min]);
		at = min;
	}
	merge__put(m, at, cpu);
}

/* @cpu has new records: its oldest one may be older now, never younger. */
static void merge__reorder(struct merge *m, unsigned cpu)
{
	struct stream *s = &m->streams[cpu];

	if (s->head == s->nr)
		return;
	if (!s->place)
		merge__put(m, m->heap_len++, cpu);
	merge__sift_up(m, s->place - 1);
}

/* Drop what was returned. */
static void stream__compact(struct stream *s)
{
	size_t gone;

	if (!s->head)
		return;
	if (s->head == s->nr) {
		s->head = s->nr = s->used = 0;
		return;
	}
	if (s->head < s->nr / 2) /* not worth moving the rest */
		return;
	/* entries are sorted by time, data by arrival: everything before the lowest waiting offset can go */
	gone = s->used;
	for (size_t i = s->head; i < s->nr; i++)
		gone = s->entries[i].off < gone ? s->entries[i].off : gone;
	memmove(s->data, s->data + gone, s->used - gone);
	s->used -= gone;
	memmove(s->entries, s->entries + s->head, (s->nr - s->head) * sizeof(*s->entries));
	s->nr -= s->head;
	s->head = 0;
	for (size_t i = 0; i < s->nr; i++)
		s->entries[i].off -= gone;
}

/*
 * Only a few records are out of order, and only slightly: an interrupt came between taking the time and reserving
 * space.
 */
static int stream__insert(struct stream *s, uint64_t ts_ns, size_t off, size_t len)
{
	size_t i = s->nr;
	struct entry *e;

	if (ARRAY_GROW(s->entries, s->room, s->nr + 1))
		return -ENOMEM;
	e = s->entries;
	while (i > s->head && s->nr - i < MAX_OVERTAKEN && e[i - 1].ts_ns > ts_ns) {
		e[i] = e[i - 1];
		i--;
	}
	e[i] = (struct entry){ ts_ns, off, len };
	s->nr++;
	return 0;
}

int merge__add(struct merge *m, unsigned cpu, uint64_t base_ns, const void *payload, size_t len)
{
	uint64_t ts_ns = base_ns;
	size_t off, before;
	struct stream *s;
	int ret = 0;

	if (!len)
		return 0;
	s = merge__stream(m, cpu);
	if (!s)
		return -ENOMEM;
	m->bytes -= s->used;
	stream__compact(s);
	before = s->used;
	if (before + len > UINT32_MAX) /* far more than two rounds hold */
		return -ENOMEM;
	if (ARRAY_GROW(s->data, s->size, before + len))
		return -ENOMEM;
	memcpy(s->data + before, payload, len);
	s->used += len;

	for (off = before; off < s->used;) {
		struct tare_rec rec;
		uint32_t hi;
		size_t size;

		ret = -EBADMSG;
		if (s->used - off < sizeof(rec))
			break;
		memcpy(&rec, s->data + off, sizeof(rec));
		size = record__len(&rec);
		if (size < sizeof(rec) || size > s->used - off)
			break;
		if (rec.kind == TARE_REC_SYNC && size >= sizeof(struct tare_sync)) {
			memcpy(&hi, s->data + off + offsetof(struct tare_sync, ts_hi), sizeof(hi));
			ts_ns = (uint64_t)hi << 32 | rec.ts_lo;
		} else {
			ts_ns += (int32_t)(rec.ts_lo - (uint32_t)ts_ns);
			ret = stream__insert(s, ts_ns, off, size);
			if (ret)
				break;
		}
		ret = 0;
		off += size;
	}
	s->used = off;
	m->bytes += s->used;
	merge__reorder(m, cpu);
	return ret;
}

bool merge__pop(struct merge *m, uint64_t until_ns, uint64_t *ts_ns, unsigned *cpu, const void **rec, size_t *len)
{
	struct stream *s;
	struct entry *e;

	if (!m->heap_len)
		return false;
	*cpu = m->heap[0];
	s = &m->streams[*cpu];
	e = &s->entries[s->head];
	if (e->ts_ns > until_ns)
		return false;
	*ts_ns = e->ts_ns;
	*rec = s->data + e->off;
	*len = e->len;
	if (e->ts_ns < m->last_ns)
		m->late++;
	else
		m->last_ns = e->ts_ns;
	if (++s->head == s->nr) {
		s->place = 0;
		m->heap[0] = m->heap[--m->heap_len];
	}
	if (m->heap_len)
		merge__sift_down(m, 0);
	return true;
}

void merge__free(struct merge *m)
{
	for (unsigned i = 0; i < m->nr_streams; i++) {
		free(m->streams[i].data);
		free(m->streams[i].entries);
	}
	free(m->streams);
	free(m->heap);
}
