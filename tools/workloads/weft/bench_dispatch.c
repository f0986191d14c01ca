// SPDX-License-Identifier: BSD-2-Clause
/*
 * dispatch: the calls of bench/dispatch.c, and those by weft's interfaces.
 */
#include <stdlib.h>

#include "bench.h"
#include "dispatch.h"
#include "iface.h"

static const char *const names[] = { "mix" };
static const struct weft_interface mixer = { "mixer", 1, names };

#define method(fn)                                  \
	{                                           \
		{                                   \
			"mix", (void (*)(void))(fn) \
		}                                   \
	}
static const struct weft_method methods[DISPATCH_TYPES][1] = {
	method(dispatch__add),
	method(dispatch__xor),
	method(dispatch__subtract),
	method(dispatch__scale),
};
static const struct weft_type type = { "object", sizeof(struct dispatch_object), 0, NULL };
static const struct weft_concrete concretes[DISPATCH_TYPES] = {
	{ &type, 1, methods[0] },
	{ &type, 1, methods[1] },
	{ &type, 1, methods[2] },
	{ &type, 1, methods[3] },
};

static void prepare(struct dispatch *d)
{
	struct weft_iface *x = d->interfaces;

	if (!x)
		x = d->interfaces = calloc(DISPATCH_OBJECTS, sizeof(*x));
	if (!x)
		scenario__die("no memory for %d interfaces", DISPATCH_OBJECTS);
	for (int i = 0; i < DISPATCH_OBJECTS; i++)
		x[i] = weft_to_iface(&mixer, &concretes[d->objects[i].tag], &d->objects[i]);
}

static __attribute__((noinline)) uint64_t interface(const struct dispatch *d, uint64_t x)
{
	const struct weft_iface *values = d->interfaces;

	for (int i = 0; i < DISPATCH_OBJECTS; i++) {
		x = WEFT_CALL(values[i], 0, dispatch_method *, x);
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

int run_dispatch(const struct options *options)
{
	return dispatch__run(options, prepare, interface);
}
