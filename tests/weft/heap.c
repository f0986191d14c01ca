// SPDX-License-Identifier: BSD-2-Clause
/*
 * heap [SECONDS [SEED]]: blocks that carry a checksum, in graphs that many goroutines make, change, hand on through
 * channels and drop, beside preemption, system calls and collections, for a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "gc.h"
#include "heap.h"
#include "runtime.h"

#define MUTATORS 12
#define SLOTS	 64  /* each mutator's own, in one block */
#define SHARED	 256 /* in a root, by all */
#define LINKS	 4
#define CHANS	 4

/* What a node is worth never changes; whom it points to does. Links lie apart, so that the bitmap matters */
struct node {
	uint64_t value;
	_Atomic(struct node *) link[LINKS];
	uint64_t *bytes; /* a block without pointers, full of words that go by value */
	uint64_t n_bytes;
	struct node *behind; /* reached by an interior pointer only: to its `sum` */
	uint64_t *interior;
	uint64_t sum;
};

static const uint64_t node_pointers = 0x1be; /* words 1-5, 7, 8 */
static const struct weft_type node_type = { "node", sizeof(struct node), 9, &node_pointers };
static const uint64_t pointer_pointers = 1;
static const struct weft_type pointer_type = { "pointer", sizeof(void *), 1, &pointer_pointers };
/* elements of 70 words, pointers in the first and the last */
static const uint64_t wide_pointers[2] = { 1, 1ull << 5 };
struct wide {
	struct node *first;
	uint64_t fill[68];
	struct node *last;
};
static const struct weft_type wide_type = { "wide", sizeof(struct wide), 70, wide_pointers };

static _Atomic(struct node *) shared[SHARED];
static struct weft_chan *chans[CHANS];
static _Atomic int stop;
static _Atomic uint64_t visited, made, collected, passed;
static struct weft_waitgroup mutators;
static uint64_t seed = 1;
static int64_t duration_ns = 5000000000;

static size_t random_bytes(uint64_t *state)
{
	uint64_t r = next(state);

	if (r % 1000 == 0)
		return 32000 + r / 1000 % 200000;
	if (r % 20 == 0)
		return r / 1000 % 8000;
	return r / 1000 % 200;
}

static struct node *node__new(uint64_t *state)
{
	struct node *n = weft_new(&node_type);
	uint64_t value = next(state);
	size_t words = random_bytes(state) / 8;
	uint64_t *bytes;
	struct node *behind;

	check(!n->value && !n->bytes && !n->interior && !n->sum && !n->link[0] && !n->link[LINKS - 1]);
	n->value = value;
	n->sum = mix(value);
	bytes = weft_new_bytes(words * 8);
	for (size_t i = 0; i < words; i++) {
		check(!bytes[i]);
		bytes[i] = value + i;
	}
	n->n_bytes = words;
	WEFT_SET(&n->bytes, bytes);
	if (value % 4 == 0) {
		behind = weft_new(&node_type);
		behind->value = value + 1;
		behind->sum = mix(value + 1);
		WEFT_SET(&n->interior, &behind->sum);
	}
	made++;
	return n;
}

static void node__check(const struct node *n)
{
	check(n->sum == mix(n->value));
	for (size_t i = 0; i < n->n_bytes; i += 1 + n->n_bytes / 8)
		check(n->bytes[i] == n->value + i);
	if (n->n_bytes)
		check(n->bytes[n->n_bytes - 1] == n->value + n->n_bytes - 1);
	if (n->interior)
		check(*n->interior == mix(n->value + 1));
	visited++;
}

static struct node *wander(struct node *n, uint64_t *state)
{
	for (int steps = next(state) % 12; n; steps--) {
		struct node *to = n->link[next(state) % LINKS];

		node__check(n);
		if (steps <= 0 || !to)
			break;
		n = to;
	}
	return n;
}

/* A list on the stack only, across whatever may happen */
static void keep_on_stack(uint64_t *state, int depth)
{
	struct node *volatile here = node__new(state);

	if (depth)
		keep_on_stack(state, depth - 1);
	else if (next(state) % 8 == 0)
		weft_sleep(next(state) % 100000);
	else
		weft_yield();
	node__check(here);
}

static void in_wide_blocks(uint64_t *state)
{
	size_t n = 1 + next(state) % (next(state) % 64 ? 20 : 2000);
	struct wide *wide = weft_new_array(&wide_type, n);

	for (size_t i = 0; i < n; i += 1 + n / 16) {
		check(!wide[i].first && !wide[i].last);
		WEFT_SET(&wide[i].first, node__new(state));
		WEFT_SET(&wide[i].last, node__new(state));
		wide[i].fill[67] = (uintptr_t)wide[i].last;
	}
	weft_yield();
	for (size_t i = 0; i < n; i += 1 + n / 16) {
		node__check(wide[i].first);
		node__check(wide[i].last);
	}
}

static void call_kernel(uint64_t *state)
{
	struct node *kept = node__new(state);
	struct timespec ts = { 0, next(state) % 300000 };

	weft_entersyscall();
	nanosleep(&ts, NULL);
	weft_exitsyscall();
	node__check(kept);
}

static void hand_on(uint64_t *state)
{
	struct weft_chan *c = chans[next(state) % CHANS];
	struct node *out = node__new(state), *in = NULL;
	struct weft_case cases[2] = { { c, WEFT_SEND, false, &out }, { c, WEFT_RECV, false, &in } };
	int i = weft_select(cases, 2, next(state) % 2);

	if (i == 1) {
		node__check(in);
		passed++;
	}
}

/* Out of the heap, so that only this stack keeps it, though it may have been looked at already */
static void take_out(_Atomic(struct node *) *from, uint64_t *state)
{
	struct node *volatile taken = *from;

	WEFT_SET(from, (struct node *)NULL);
	if (next(state) % 4 == 0)
		weft_sleep(next(state) % 2000000);
	else
		weft_yield();
	if (taken)
		node__check(taken);
}

struct child {
	struct node *node;
	struct weft_waitgroup *wg;
};
static const uint64_t child_pointers = 1;
static const struct weft_type child_type = { "child", sizeof(struct child), 1, &child_pointers };

static void child(void *arg)
{
	struct child *c = arg;
	struct weft_waitgroup *wg = c->wg;

	node__check(c->node);
	weft_yield();
	node__check(c->node);
	weft_wg_done(wg);
}

/* The argument is all that keeps the node */
static void spawn(uint64_t *state)
{
	struct weft_waitgroup wg = { 0 };
	int n = 1 + next(state) % 8;

	weft_wg_add(&wg, n);
	for (int i = 0; i < n; i++) {
		struct child *c = weft_new(&child_type);

		WEFT_SET(&c->node, node__new(state));
		c->wg = &wg;
		weft_go(child, c);
	}
	weft_wg_wait(&wg);
}

static void mutate(void *arg)
{
	uint64_t state = mix(seed + (uintptr_t)arg);
	struct node **slots = weft_new_array(&pointer_type, SLOTS);

	while (!stop) {
		struct node **slot = &slots[next(&state) % SLOTS], *n = *slot, *to;
		_Atomic(struct node *) *common = &shared[next(&state) % SHARED];

		switch (next(&state) % 24) {
		case 0:
			spawn(&state);
			break;
		case 1:
			keep_on_stack(&state, next(&state) % 40);
			break;
		case 2:
			in_wide_blocks(&state);
			break;
		case 3:
			if (next(&state) % 20 == 0)
				call_kernel(&state);
			break;
		case 4:
			hand_on(&state);
			break;
		case 5:
			WEFT_SET(slot, NULL);
			break;
		case 6:
			take_out(n && next(&state) % 2 ? &n->link[next(&state) % LINKS] : common, &state);
			break;
		case 7 ... 10:
			WEFT_SET(slot, wander(*common, &state));
			break;
		case 11 ... 13:
			WEFT_SET(common, wander(n, &state));
			break;
		case 14 ... 17:
			/* move: the only way to it goes from one node to another, or to this stack */
			if (!n)
				break;
			to = n->link[next(&state) % LINKS];
			WEFT_SET(&n->link[next(&state) % LINKS], (struct node *)NULL);
			wander(to, &state);
			WEFT_SET(slot, to);
			break;
		default:
			to = node__new(&state);
			WEFT_SET(&to->link[next(&state) % LINKS], n);
			if (n)
				WEFT_SET(&n->link[next(&state) % LINKS], to);
			WEFT_SET(slot, to);
		}
	}
	weft_wg_done(&mutators);
}

static void collect_often(int64_t end_ns)
{
	uint64_t state = mix(seed ^ 0xc0ffee);

	while (os__now_ns() < end_ns) {
		weft_sleep(next(&state) % 30000000);
		if (next(&state) % 4 == 0)
			weft_scavenge();
		weft_gc();
		collected++;
	}
}

/* Stale words of stacks may keep a few nodes, and through their links what they reach: never more than there is */
static int app(void *arg)
{
	struct weft_memory m;

	weft_root_add(shared, sizeof(shared));
	for (int i = 0; i < CHANS; i++)
		check((chans[i] = weft_chan_new(sizeof(struct node *), i * 16)));
	weft_wg_add(&mutators, MUTATORS);
	for (uintptr_t i = 1; i <= MUTATORS; i++)
		weft_go(mutate, (void *)i);
	collect_often(os__now_ns() + duration_ns);
	stop = 1;
	/* unbuffered hand-overs wait for a partner that may have ended */
	while (mutators.count) {
		struct node *n;
		struct weft_case cases[2 * CHANS];

		for (int i = 0; i < CHANS; i++) {
			cases[2 * i] = (struct weft_case){ chans[i], WEFT_RECV, false, &n };
			cases[2 * i + 1] = (struct weft_case){ chans[i], WEFT_SEND, false, &n };
		}
		n = NULL;
		for (int i = 0; i < CHANS; i++)
			if (weft_select(&cases[2 * i], 1, false) == 0)
				node__check(n);
		weft_sleep(100000);
	}
	for (int i = 0; i < CHANS; i++) {
		struct node *n;
		struct weft_case receive = { chans[i], WEFT_RECV, false, &n };

		while (weft_select(&receive, 1, false) == 0)
			node__check(n);
		weft_chan_free(chans[i]);
	}
	for (int i = 0; i < SHARED; i++)
		WEFT_SET(&shared[i], (struct node *)NULL);
	weft_gc();
	weft_gc();
	weft_memory(&m);
	printf("made %llu visited %llu passed %llu collections %llu left %llu bytes of %llu\n",
	       (unsigned long long)made, (unsigned long long)visited, (unsigned long long)passed,
	       (unsigned long long)m.collections, (unsigned long long)m.heap_bytes, (unsigned long long)m.live_bytes);
	check(m.collections >= collected);
	/* nothing has been allocated since: counted twice, to the byte */
	check(m.live_bytes == m.heap_bytes);
	check(visited && passed);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		duration_ns = atof(argv[1]) * 1e9;
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	return weft_main(app, NULL);
}
