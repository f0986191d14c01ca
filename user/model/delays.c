// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "delays.h"

static struct tare_delays *copy_of(const struct tare_delays *from)
{
	size_t size = sizeof(*from) + from->nr * sizeof(from->buckets[0]);
	struct tare_delays *copy = malloc(size);

	if (copy)
		memcpy(copy, from, size);
	return copy;
}

static uint64_t counted(const struct tare_delays *t, uint64_t from_ns)
{
	for (uint32_t i = 0; i < t->nr; i++)
		if (t->buckets[i].from_ns == from_ns)
			return t->buckets[i].count;
	return 0;
}

/* Another program in the same process, or another process with that pid. */
static bool began_anew(const struct tare_delays *last, const struct tare_delays *now)
{
	uint64_t before = 0, after = 0;

	for (uint32_t i = 0; i < last->nr; i++)
		before += last->buckets[i].count;
	for (uint32_t i = 0; i < now->nr; i++)
		after += now->buckets[i].count;
	return after < before;
}

int delays__event(struct delays *d, const struct event *ev)
{
	struct tare_delays *copy;
	unsigned i = d->nr;

	while (i && d->processes[i - 1].last->pid != ev->delays->pid)
		i--;
	if (i && began_anew(d->processes[i - 1].last, ev->delays))
		i = 0;
	if (!i && d->nr == DELAYS_MAX_PROCESSES)
		return 0;
	copy = copy_of(ev->delays);
	if (!copy)
		return -ENOMEM;
	if (!i) {
		d->processes[d->nr++] = (struct delays_of){ copy, copy };
		return 0;
	}
	if (d->processes[i - 1].last != d->processes[i - 1].first)
		free(d->processes[i - 1].last);
	d->processes[i - 1].last = copy;
	return 0;
}

/* The middle of the bucket that begins at @from; the next one present begins at @next (or 0). */
static uint64_t middle(uint64_t from, uint64_t next)
{
	/* an empty bucket may be missing in between: then this one is narrower than the gap */
	uint64_t width = next <= from ? 0 : next - from > from ? from / 4 : next - from;

	return from + width / 2;
}

void delays__total(const struct delays *d, struct hist *h, uint32_t *one_in)
{
	memset(h, 0, sizeof(*h));
	*one_in = 1;
	for (unsigned p = 0; p < d->nr; p++) {
		const struct tare_delays *first = d->processes[p].first, *last = d->processes[p].last;

		*one_in = last->one_in;
		for (uint32_t i = 0; i < last->nr; i++) {
			uint64_t from = last->buckets[i].from_ns, before = counted(first, from);
			uint64_t next = i + 1 < last->nr ? last->buckets[i + 1].from_ns : 0;

			if (last->buckets[i].count > before)
				hist__record_many(h, middle(from, next), last->buckets[i].count - before);
		}
	}
}

void delays__free(struct delays *d)
{
	for (unsigned i = 0; i < d->nr; i++) {
		if (d->processes[i].last != d->processes[i].first)
			free(d->processes[i].last);
		free(d->processes[i].first);
	}
	d->nr = 0;
}
