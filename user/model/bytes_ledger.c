// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "bytes_ledger.h"

void model_bytes__init(struct model_bytes *b, const struct births *births)
{
	*b = (struct model_bytes){ .births = births };
	table__init(&b->by_process, BYTES_MAX_PROCESSES);
}

void model_bytes__free(struct model_bytes *b)
{
	free(b->processes);
	table__free(&b->by_process);
	*b = (struct model_bytes){ 0 };
}

/* Unsigned: what a damaged recording says may wrap around, and comes back when it is taken off. */
static void add(struct tare_bytes *sum, const struct tare_bytes *b, bool off)
{
	uint64_t sign = off ? -1ull : 1;

	sum->rss += sign * b->rss;
	sum->rss_max += sign * b->rss_max;
	sum->swapped += sign * b->swapped;
	sum->cost_ns += sign * b->cost_ns;
	for (unsigned i = 0; i < TARE_NR_BYTES; i++)
		sum->classes[i] += sign * b->classes[i];
}

static struct process_bytes *find(struct model_bytes *b, uint64_t process)
{
	const uint64_t *at = table__find(&b->by_process, process);

	return at ? &b->processes[*at - 1] : NULL;
}

static struct process_bytes *begin(struct model_bytes *b, uint64_t process, const struct tare_bytes *first)
{
	struct process_bytes *p;
	uint64_t *at;

	if (ARRAY_GROW(b->processes, b->room, b->nr + 1))
		return NULL;
	at = table__add(&b->by_process, process);
	if (!at)
		return NULL;
	p = &b->processes[b->nr];
	*at = ++b->nr;
	*p = (struct process_bytes){ .process = process, .first = *first, .peak = *first };
	return p;
}

int model_bytes__event(struct model_bytes *b, const struct event *ev)
{
	const struct tare_bytes *now = &ev->bytes;
	uint64_t process = b->births ? births__at(b->births, now->pid, now->ts_ns) : now->pid;
	struct process_bytes *p = find(b, process);

	if (!p && b->nr == BYTES_MAX_PROCESSES) {
		b->left_out++;
		return 0;
	}
	p = p ?: begin(b, process, now);
	if (!p)
		return -ENOMEM;
	if (p->readings && !p->gone_ns)
		add(&b->now, &p->last, true);
	else
		b->alive++;
	add(&b->now, now, false);
	p->gone_ns = 0; /* other threads live on */
	p->last = *now;
	if (now->rss > p->peak.rss)
		p->peak = *now;
	p->readings++;
	b->readings++;
	b->cost_ns += now->cost_ns;
	b->now.ts_ns = now->ts_ns;
	b->now.pid = now->pid;
	b->last = b->now;
	if (b->now.rss > b->peak.rss || !b->peak.ts_ns)
		b->peak = b->now;
	return 0;
}

void model_bytes__exit(struct model_bytes *b, uint32_t pid, uint64_t ts_ns)
{
	struct process_bytes *p = find(b, b->births ? births__at(b->births, pid, ts_ns) : pid);

	if (!p || p->gone_ns)
		return;
	p->gone_ns = ts_ns ?: 1;
	add(&b->now, &p->last, true);
	if (--b->alive)
		b->last = b->now;
}

int64_t bytes__unexplained(const struct tare_bytes *b)
{
	uint64_t left = b->rss;

	for (unsigned i = 0; i < TARE_NR_BYTES; i++)
		left -= b->classes[i];
	return (int64_t)left;
}

const char *bytes__name(enum tare_bytes_class class)
{
#define NAME(id, name, title) [TARE_BYTES_##id] = name,
	static const char *const names[] = { TARE_BYTES(NAME) };

	return names[class];
}

const char *bytes__title(enum tare_bytes_class class)
{
#define TITLE(id, name, title) [TARE_BYTES_##id] = title,
	static const char *const titles[] = { TARE_BYTES(TITLE) };

	return titles[class];
}
