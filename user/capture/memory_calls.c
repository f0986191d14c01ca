// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <limits.h>
#include <stdlib.h>

#include "array.h"
#include "memory_calls.h"
#include "util.h"

#define STRETCH_NS NSEC_PER_SEC
/*
 * The probes are hit by each system call of the machine, each of which they make 0.08 us longer (measured). So many for
 * each CPU in a second are a quarter of a percent of its time. If there are more, the probes are only in for a part of
 * each second.
 */
#define BUDGET	 25000
#define FIRST_MS 20 /* where nothing is known of the rate; at the highest seen, that is the budget */
#define LEAST_MS 2

static uint64_t hits(const struct memory_calls *c)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < c->bpf->nr_cpus; i++)
		n += __atomic_load_n(&c->bpf->cpus[i].hits[PROG_call_enter], __ATOMIC_RELAXED);
	return n;
}

static uint64_t budget(const struct memory_calls *c)
{
	return (uint64_t)BUDGET * c->bpf->nr_cpus;
}

/* What was seen since .since_ns belongs to the current stretch. */
static void account(struct memory_calls *c, uint64_t now)
{
	uint64_t n = hits(c), calls = n - c->hits, ns = now - c->since_ns;

	c->all += calls;
	c->spent += calls;
	c->seen_ns += ns;
	if (ns >= LEAST_MS * NSEC_PER_SEC / 1000)
		c->rate = (double)calls * NSEC_PER_SEC / ns;
	c->hits = n;
	c->since_ns = now;
}

static void turn(struct memory_calls *c, bool on)
{
	bpf__watch_calls(c->bpf, on);
	c->on = on;
	c->since_ns = now_ns();
	c->hits = hits(c);
}

void memory_calls__begin(struct memory_calls *c, struct bpf *bpf, uint64_t start_ns)
{
	table__init(&c->known, MAX_CALL_SUMS);
	if (!bpf__can_watch_calls(bpf))
		return;
	c->bpf = bpf;
	c->rate = -1;
	turn(c, true);
	c->begin_ns = c->since_ns;
	c->next_ns = start_ns + STRETCH_NS;
}

unsigned memory_calls__soon_ms(const struct memory_calls *c)
{
	double left;

	if (!c->on)
		return UINT_MAX;
	if (c->rate < 0)
		return FIRST_MS;
	left = c->spent < budget(c) ? 1000 * (budget(c) - c->spent) / (c->rate + 1) : 0;
	return left < LEAST_MS ? LEAST_MS : (unsigned)left;
}

/* Where the sums of process and call @key were kept, or are from now on; NULL: no memory. */
static struct call_sums *last_of(struct memory_calls *c, uint64_t key)
{
	uint64_t *slot = table__find(&c->known, key);
	uint32_t at = c->nr;

	if (slot)
		return &c->sums[*slot];
	if (c->nr_unused)
		at = c->unused[c->nr_unused - 1];
	else if (ARRAY_GROW(c->sums, c->room, c->nr + 1))
		return NULL;
	slot = table__add(&c->known, key);
	if (!slot)
		return NULL;
	if (c->nr_unused)
		c->nr_unused--;
	else
		c->nr++;
	*slot = at;
	c->sums[at] = (struct call_sums){ 0 };
	return &c->sums[at];
}

/* Room for others: its process is gone, or may well be. What it calls just now is not counted. */
static void forget(struct memory_calls *c, int fd, const struct call_key *key, uint64_t at)
{
	uint64_t *slot = table__find(&c->known, at);

	if (!slot || ARRAY_GROW(c->unused, c->room_unused, c->nr_unused + 1) || bpf_map_delete_elem(fd, key))
		return;
	c->unused[c->nr_unused++] = *slot;
	table__delete(&c->known, at);
}

/* The difference to what was read last; false: there is none. */
static bool difference(struct memory_calls *c, uint64_t key, const struct call_sums *now, struct tare_memory_calls *row)
{
	struct call_sums *last = last_of(c, key);

	if (!last || now->count == last->count)
		return false;
	row->count = now->count - last->count;
	row->failed = now->failed - last->failed;
	row->ns = now->ns - last->ns;
	row->bytes = now->bytes - last->bytes;
	row->max_ns = now->max_ns;
	*last = *now;
	return true;
}

/* All that has changed, after the first one of @rows, which has room for all. Returns how many there are then. */
static size_t read_all(struct memory_calls *c, struct tare_memory_calls *rows)
{
	bool crowded = c->known.count > MAX_CALL_SUMS / 2;
	int fd = bpf__call_sums_fd(c->bpf);
	struct call_key key, next;
	struct call_sums now;
	size_t nr = 1;
	int more = bpf_map_get_next_key(fd, NULL, &next);

	for (size_t i = 0; !more && i < MAX_CALL_SUMS && nr <= MAX_CALL_SUMS; i++) {
		uint64_t at = (uint64_t)next.tgid << 32 | next.call;

		key = next;
		more = bpf_map_get_next_key(fd, &key, &next);
		if (bpf_map_lookup_elem(fd, &key, &now))
			continue;
		rows[nr] = rows[0];
		rows[nr].pid = key.tgid;
		rows[nr].call = key.call;
		if (difference(c, at, &now, &rows[nr]))
			nr++;
		else if (crowded)
			forget(c, fd, &key, at);
	}
	return nr;
}

void memory_calls__write(struct memory_calls *c, struct writer *w)
{
	struct tare_memory_calls *rows;
	uint64_t now = now_ns();
	size_t nr;

	if (!c->bpf)
		return;
	if (c->on)
		account(c, now);
	if (!c->seen_ns) /* the next one covers it */
		return;
	rows = calloc(MAX_CALL_SUMS + 1, sizeof(*rows));
	if (!rows)
		return;
	rows[0] = (struct tare_memory_calls){ .begin_ns = c->begin_ns,
					      .covered_ns = now - c->begin_ns,
					      .seen_ns = c->seen_ns };
	nr = read_all(c, rows);
	bpf__next_calls(c->bpf);
	rows[0].count = c->all;
	writer__array(w, TARE_FRAME_MEMORY_CALLS, now, rows, sizeof(*rows), nr);
	free(rows);
	c->begin_ns = now;
	c->seen_ns = c->all = 0;
}

void memory_calls__tick(struct memory_calls *c, struct writer *w)
{
	uint64_t now = now_ns(); /* the round may have taken long until here */

	if (!c->bpf)
		return;
	if (c->on)
		account(c, now);
	if (c->on && c->spent >= budget(c))
		turn(c, false);
	if (now < c->next_ns)
		return;
	memory_calls__write(c, w);
	c->spent = 0;
	while (c->next_ns <= now)
		c->next_ns += STRETCH_NS;
	if (!c->on)
		turn(c, true);
}

void memory_calls__free(struct memory_calls *c)
{
	table__free(&c->known);
	free(c->sums);
	free(c->unused);
	*c = (struct memory_calls){ 0 };
}
