// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interfaces: the table of itabs. Readers take no lock: a table only ever gains entries, and one that has become too
 * small is replaced by a larger copy, while itself it stays for those who still look. That a type lacks a method is
 * remembered as well, so that a failed assertion costs the search by names only once.
 */
#include <stdlib.h>
#include <string.h>

#include "iface.h"
#include "runtime.h"

#define FIRST_SLOTS 64 /* a power of two */

struct entry {
	bool lacks;
	struct weft_itab itab; /* its end has the methods; none where it lacks one */
};

struct table {
	struct table *older;  /* reachable, for those who look for leaks */
	size_t n_slots, used; /* used: of the writer only, under the lock */
	_Atomic(const struct entry *) slots[];
};

static struct lock lock;
static _Atomic(struct table *) current;

static size_t hash(const struct weft_interface *interface, const struct weft_concrete *concrete)
{
	uint64_t h = (uintptr_t)interface * 0x9e3779b97f4a7c15 ^ (uintptr_t)concrete * 0xc2b2ae3d27d4eb4f;

	return h ^ h >> 32;
}

/* Where it is, or else the empty slot where it belongs; a table is never full */
static size_t table__find(struct table *t, const struct weft_interface *interface, const struct weft_concrete *concrete,
			  const struct entry **found)
{
	size_t i = hash(interface, concrete);

	for (;; i++) {
		i &= t->n_slots - 1;
		*found = get_acquire(&t->slots[i]);
		if (!*found || ((*found)->itab.interface == interface && (*found)->itab.concrete == concrete))
			return i;
	}
}

static struct table *table__new(size_t n_slots, struct table *older)
{
	struct table *t = calloc(1, sizeof(*t) + n_slots * sizeof(t->slots[0]));
	const struct entry *e, *none;

	if (!t)
		os__die("no memory for a table of %zu interface methods", n_slots);
	t->n_slots = n_slots;
	t->older = older;
	for (size_t i = 0; older && i < older->n_slots; i++) {
		e = get_relaxed(&older->slots[i]);
		if (e)
			set_relaxed(&t->slots[table__find(t, e->itab.interface, e->itab.concrete, &none)], e);
	}
	t->used = older ? older->used : 0;
	return t;
}

/* Both lists are in order, so one walk along the type's methods finds all of the interface's */
static struct entry *entry__new(const struct weft_interface *interface, const struct weft_concrete *concrete)
{
	struct entry *e = calloc(1, sizeof(*e) + interface->n_methods * sizeof(e->itab.fn[0]));
	unsigned have = 0;

	if (!e)
		os__die("no memory for the methods of interface %s", interface->name);
	e->itab.interface = interface;
	e->itab.concrete = concrete;
	for (unsigned want = 0; want < interface->n_methods && !e->lacks; want++) {
		while (have < concrete->n_methods && strcmp(concrete->methods[have].name, interface->methods[want]) < 0)
			have++;
		if (have < concrete->n_methods && !strcmp(concrete->methods[have].name, interface->methods[want]))
			e->itab.fn[want] = concrete->methods[have].fn;
		else
			e->lacks = true;
	}
	return e;
}

static __attribute__((noinline)) const struct entry *add(const struct weft_interface *interface,
							 const struct weft_concrete *concrete)
{
	const struct entry *e;
	struct table *t;
	size_t slot;

	lock__acquire(&lock);
	t = get_relaxed(&current);
	if (!t || t->used >= t->n_slots / 4 * 3) {
		t = table__new(t ? t->n_slots * 2 : FIRST_SLOTS, t);
		set_release(&current, t);
	}
	slot = table__find(t, interface, concrete, &e);
	if (!e) {
		e = entry__new(interface, concrete);
		t->used++;
		set_release(&t->slots[slot], e);
	}
	lock__release(&lock);
	return e;
}

const struct weft_itab *weft_itab(const struct weft_interface *interface, const struct weft_concrete *concrete)
{
	struct table *t = get_acquire(&current);
	const struct entry *e = NULL;

	if (t)
		table__find(t, interface, concrete, &e);
	if (!e)
		e = add(interface, concrete);
	return e->lacks ? NULL : &e->itab;
}

struct weft_iface weft_to_iface(const struct weft_interface *interface, const struct weft_concrete *concrete,
				void *data)
{
	const struct weft_itab *itab = weft_itab(interface, concrete);

	/* Go's compiler would have refused it */
	if (!itab)
		os__die("type %s does not have the methods of interface %s", concrete->type->name, interface->name);
	return (struct weft_iface){ itab, data };
}

bool weft_assert_iface(struct weft_eface x, const struct weft_interface *interface, struct weft_iface *out)
{
	const struct weft_itab *itab = x.concrete ? weft_itab(interface, x.concrete) : NULL;

	*out = itab ? (struct weft_iface){ itab, x.data } : (struct weft_iface){ NULL, NULL };
	return itab;
}

bool weft_assert_concrete(struct weft_eface x, const struct weft_concrete *concrete, void **data)
{
	bool same = x.concrete && x.concrete == concrete;

	*data = same ? x.data : NULL;
	return same;
}

int weft_type_switch(struct weft_eface x, const struct weft_concrete *const *cases, int n)
{
	for (int i = 0; i < n && x.concrete; i++)
		if (cases[i] == x.concrete)
			return i;
	return -1;
}
