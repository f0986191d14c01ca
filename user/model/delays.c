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

int delays__event(struct delays *d, const struct event *ev)
{
	struct tare_delays *copy;
	unsigned i = 0;

	while (i < d->nr && d->processes[i].last->pid != ev->delays->pid)
		i++;
	if (i == DELAYS_MAX_PROCESSES)
		return 0;
	copy = copy_of(ev->delays);
	if (!copy)
		return -ENOMEM;
	if (i == d->nr) {
		d->processes[d->nr++] = (struct delays_of){ copy, copy };
		return 0;
	}
	if (d->processes[i].last != d->processes[i].first)
		free(d->processes[i].last);
	d->processes[i].last = copy;
	return 0;
}

static uint64_t counted(const struct tare_delays *t, uint64_t from_ns)
{
	for (uint32_t i = 0; i < t->nr; i++)
		if (t->buckets[i].from_ns == from_ns)
			return t->buckets[i].count;
	return 0;
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
			uint64_t next = i + 1 < last->nr ? last->buckets[i + 1].from_ns : from;

			/* a bucket without waits may be missing between two: then it is not as wide as the gap */
			if (next > 2 * from)
				next = from + from / 4;
			if (last->buckets[i].count > before)
				hist__record_many(h, from + (next - from) / 2, last->buckets[i].count - before);
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
