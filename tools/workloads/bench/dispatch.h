/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a call costs by how its target is found. Four types of object, each with a method of a few instructions, in
 * another file than the loops, so that the compiler sees no more of a target than the way of calling lets it see.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "result.h"

#define DISPATCH_TYPES	 4
#define DISPATCH_OBJECTS 16384 /* more than a predictor learns by heart, while all of it stays in L2 */

typedef uint64_t dispatch_method(const void *self, uint64_t x);

struct dispatch_vtable {
	dispatch_method *mix;
};

/* The vtable in the object, as in C++. The tag is for those who may switch on it */
struct dispatch_object {
	const struct dispatch_vtable *vtable;
	uint64_t value;
	uint64_t tag;
};

/* The vtable beside the object, as Rust's dyn */
struct dispatch_dyn {
	const void *data;
	const struct dispatch_vtable *vtable;
};

extern const struct dispatch_vtable dispatch_vtables[DISPATCH_TYPES];
dispatch_method dispatch__add, dispatch__xor, dispatch__subtract, dispatch__scale;

/* The methods, for where they may be inlined */
static inline uint64_t dispatch__inline_add(const struct dispatch_object *o, uint64_t x)
{
	return x + o->value;
}
static inline uint64_t dispatch__inline_xor(const struct dispatch_object *o, uint64_t x)
{
	return x ^ o->value;
}
static inline uint64_t dispatch__inline_subtract(const struct dispatch_object *o, uint64_t x)
{
	return x - o->value;
}
static inline uint64_t dispatch__inline_scale(const struct dispatch_object *o, uint64_t x)
{
	return x * 2 + o->value;
}

struct dispatch {
	struct dispatch_object objects[DISPATCH_OBJECTS];
	struct dispatch_dyn dyns[DISPATCH_OBJECTS];
	void *interfaces; /* of the program, for its loop */
};

/* One call on each object; the value is passed along, and returned */
typedef uint64_t dispatch_loop(const struct dispatch *d, uint64_t x);

/*
 * Prints the whole result. `interface` calls by the program's interfaces (NULL: it has none), which `prepare` made for
 * d->objects. Exit code.
 */
int dispatch__run(const struct options *options, void (*prepare)(struct dispatch *d), dispatch_loop *interface);

#endif
