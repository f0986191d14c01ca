// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>

#include "dispatch.h"

/* The value goes through a register that the compiler may not look into: no loop is vectorised or folded */
#define opaque(x)      __asm__ volatile("" : "+r"(x))
#define for_each(d, i) for (int i = 0; i < DISPATCH_OBJECTS; i++)
#define loop	       static __attribute__((noinline)) uint64_t

/* Where the type is known when compiling: it is the first one */
loop inlined_same(const struct dispatch *d, uint64_t x)
{
	for_each(d, i)
	{
		x = dispatch__inline_add(&d->objects[i], x);
		opaque(x);
	}
	return x;
}

loop direct_same(const struct dispatch *d, uint64_t x)
{
	for_each(d, i)
	{
		x = dispatch__add(&d->objects[i], x);
		opaque(x);
	}
	return x;
}

/* Where it is one of a few: a switch */
loop inlined_mixed(const struct dispatch *d, uint64_t x)
{
	for_each(d, i)
	{
		const struct dispatch_object *o = &d->objects[i];

		switch (o->tag) {
		case 0:
			x = dispatch__inline_add(o, x);
			break;
		case 1:
			x = dispatch__inline_xor(o, x);
			break;
		case 2:
			x = dispatch__inline_subtract(o, x);
			break;
		default:
			x = dispatch__inline_scale(o, x);
			break;
		}
		opaque(x);
	}
	return x;
}

loop direct_mixed(const struct dispatch *d, uint64_t x)
{
	for_each(d, i)
	{
		const struct dispatch_object *o = &d->objects[i];

		switch (o->tag) {
		case 0:
			x = dispatch__add(o, x);
			break;
		case 1:
			x = dispatch__xor(o, x);
			break;
		case 2:
			x = dispatch__subtract(o, x);
			break;
		default:
			x = dispatch__scale(o, x);
			break;
		}
		opaque(x);
	}
	return x;
}

loop dyn(const struct dispatch *d, uint64_t x)
{
	for_each(d, i)
	{
		x = d->dyns[i].vtable->mix(d->dyns[i].data, x);
		opaque(x);
	}
	return x;
}

loop vtable(const struct dispatch *d, uint64_t x)
{
	for_each(d, i)
	{
		x = d->objects[i].vtable->mix(&d->objects[i], x);
		opaque(x);
	}
	return x;
}

/* A round to warm up, then the quickest of `rounds`, for one call: the least disturbed. The span has all of these */
static double measure(const struct dispatch *d, int64_t rounds, dispatch_loop *fn, uint64_t *x, struct span *span)
{
	int64_t best_ns = INT64_MAX;

	*x = fn(d, *x);
	span->begin_ns = scenario__now_ns();
	for (int64_t i = 0; i < rounds; i++) {
		int64_t start_ns = scenario__now_ns(), ns;

		*x = fn(d, *x);
		ns = scenario__now_ns() - start_ns;
		best_ns = ns < best_ns ? ns : best_ns;
	}
	span->end_ns = scenario__now_ns();
	return (double)best_ns / DISPATCH_OBJECTS;
}

static void fill(struct dispatch *d, bool mixed)
{
	uint64_t random = 1;

	for_each(d, i)
	{
		uint64_t r = scenario__random(&random);
		int tag = mixed ? r % DISPATCH_TYPES : 0;

		d->objects[i] = (struct dispatch_object){ &dispatch_vtables[tag], r, tag };
		d->dyns[i] = (struct dispatch_dyn){ &d->objects[i], &dispatch_vtables[tag] };
	}
}

int dispatch__run(const struct options *options, void (*prepare)(struct dispatch *d), dispatch_loop *interface)
{
	const struct {
		const char *name[2]; /* where all types are the same, and where they are mixed */
		dispatch_loop *fn[2];
	} kinds[] = {
		{ { "inlined", "inlined_mixed" }, { inlined_same, inlined_mixed } },
		{ { "direct", "direct_mixed" }, { direct_same, direct_mixed } },
		{ { "interface", "interface_mixed" }, { interface, interface } },
		{ { "dyn", "dyn_mixed" }, { dyn, dyn } },
		{ { "vtable", "vtable_mixed" }, { vtable, vtable } },
	};
	int64_t rounds = (options->n + DISPATCH_OBJECTS - 1) / DISPATCH_OBJECTS, start_ns = scenario__now_ns();
	struct dispatch *d = calloc(1, sizeof(*d));

	if (!d)
		scenario__die("no memory for %d objects", DISPATCH_OBJECTS);
	result__begin(SCENARIO_dispatch, options);
	result__int("n", rounds * DISPATCH_OBJECTS);
	for (int mixed = 0; mixed < 2; mixed++) {
		uint64_t expected = 0;

		fill(d, mixed);
		if (prepare)
			prepare(d);
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			struct span span;
			uint64_t x = 0;
			char key[64];

			snprintf(key, sizeof(key), "%s_ns", kinds[i].name[mixed]);
			if (!kinds[i].fn[mixed]) {
				result__null(key);
				continue;
			}
			result__real(key, measure(d, rounds, kinds[i].fn[mixed], &x, &span));
			result__span(kinds[i].name[mixed], &span, rounds * DISPATCH_OBJECTS);
			if (i && x != expected)
				scenario__die("dispatch: %s has computed something else than the others", key);
			expected = x;
		}
	}
	result__int("elapsed_ns", scenario__now_ns() - start_ns);
	free(d);
	return result__end();
}
