/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces as Go has them: two words, and the method found through the first. A type says which methods it has; which
 * of them an interface wants, in its order, is worked out once for each pair (interface, type) and kept in a table.
 */
#ifndef WEFT_IFACE_H
#define WEFT_IFACE_H

#include <stdbool.h>

#include "heap.h"

struct weft_method {
	const char *name;
	void (*fn)(void); /* called as the type that the interface's user knows: its first argument is data */
};

/* A concrete type. Static storage; identified by address. Methods in order of their names. */
struct weft_concrete {
	const struct weft_type *type;
	unsigned n_methods;
	const struct weft_method *methods;
};

/* An interface type: the names of its methods in order. */
struct weft_interface {
	const char *name;
	unsigned n_methods;
	const char *const *methods;
};

struct weft_itab {
	const struct weft_interface *interface;
	const struct weft_concrete *concrete;
	void (*fn[])(void); /* in the interface's order */
};

struct weft_iface {
	const struct weft_itab *itab; /* NULL: nil */
	void *data;
};

struct weft_eface {
	const struct weft_concrete *concrete; /* NULL: nil */
	void *data;
};

/* The table, made at first use; NULL where the type lacks a method. Any goroutine; a hit takes no lock. */
const struct weft_itab *weft_itab(const struct weft_interface *interface, const struct weft_concrete *concrete);

struct weft_iface weft_to_iface(const struct weft_interface *interface, const struct weft_concrete *concrete,
				void *data);
/* x.(I): false, and a nil interface, where what x holds lacks a method */
bool weft_assert_iface(struct weft_eface x, const struct weft_interface *interface, struct weft_iface *out);
/* x.(T): false, and NULL, where x holds another type */
bool weft_assert_concrete(struct weft_eface x, const struct weft_concrete *concrete, void **data);
/* switch x.(type): the index of the type among `cases`, or -1 */
int weft_type_switch(struct weft_eface x, const struct weft_concrete *const *cases, int n);

/* Call method `i` of interface value `x` as function type `type`: WEFT_CALL(x, 0, int (*)(void *, int), 42) */
#define WEFT_CALL(x, i, type, ...) (((type)(x).itab->fn[i])((x).data, ##__VA_ARGS__))

#endif
