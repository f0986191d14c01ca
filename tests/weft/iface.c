// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interfaces: calls, assertions, type switches, and the table of itabs while many goroutines make it grow. TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iface.h"
#include "weft.h"

#define METHODS 8
#define SETS	(1 << METHODS) /* each set of methods is a type, and an interface too */
#define TASKS	16

static int n_checks, n_failed;

static void check(bool ok, const char *what)
{
	n_failed += !ok;
	printf("%sok %d - %s\n", ok ? "" : "not ", ++n_checks, what);
}

/* ---- a few types by hand ---- */
struct square {
	int side;
};

static int square_area(void *self, int scale)
{
	return ((struct square *)self)->side * ((struct square *)self)->side * scale;
}

static int square_corners(void *self)
{
	return 4;
}

static int line_corners(void *self)
{
	return 2;
}

#define FN(f) ((void (*)(void))(f))
static const struct weft_type square_type = { "square", sizeof(struct square), 0, NULL };
static const struct weft_type line_type = { "line", sizeof(int), 0, NULL };
static const struct weft_method square_methods[] = { { "area", FN(square_area) }, { "corners", FN(square_corners) } };
static const struct weft_method line_methods[] = { { "corners", FN(line_corners) } };
static const struct weft_concrete square = { &square_type, 2, square_methods }, line = { &line_type, 1, line_methods };
static const char *const area_name[] = { "area" }, *const both_names[] = { "area", "corners" };
static const char *const corners_name[] = { "corners" };
static const struct weft_interface surface = { "surface", 1, area_name }, shape = { "shape", 2, both_names },
				   cornered = { "cornered", 1, corners_name }, any = { "any", 0, NULL };

static void by_hand(void)
{
	struct square s = { 3 };
	struct weft_eface x = { &square, &s }, y = { &line, &s }, nil = { NULL, NULL };
	const struct weft_concrete *const cases[] = { &line, &square };
	struct weft_iface out;
	void *data;

	out = weft_to_iface(&shape, &square, &s);
	check(WEFT_CALL(out, 0, int (*)(void *, int), 2) == 18, "a method with an argument");
	check(WEFT_CALL(out, 1, int (*)(void *)) == 4, "the second method");
	check(weft_to_iface(&cornered, &square, &s).itab->fn[0] == FN(square_corners), "the second one only");
	check(weft_assert_iface(x, &surface, &out) && out.data == &s, "x.(I)");
	check(WEFT_CALL(out, 0, int (*)(void *, int), 1) == 9, "its method");
	check(!weft_assert_iface(y, &surface, &out) && !out.itab && !out.data, "x.(I) where a method lacks");
	check(!weft_assert_iface(y, &shape, &out) && !weft_itab(&shape, &line), "where one of two lacks");
	check(weft_assert_iface(y, &cornered, &out) && WEFT_CALL(out, 0, int (*)(void *)) == 2, "another type's");
	check(weft_assert_iface(y, &any, &out) && out.itab->concrete == &line, "x.(interface{})");
	check(!weft_assert_iface(nil, &any, &out) && !out.itab, "nil.(interface{})");
	check(weft_assert_concrete(x, &square, &data) && data == &s, "x.(T)");
	check(!weft_assert_concrete(x, &line, &data) && !data, "x.(T) of another type");
	check(!weft_assert_concrete(nil, &line, &data) && !data, "nil.(T)");
	check(weft_type_switch(y, cases, 2) == 0 && weft_type_switch(x, cases, 2) == 1 &&
		      weft_type_switch(x, cases, 1) == -1 && weft_type_switch(nil, cases, 2) == -1,
	      "switch x.(type)");
	check(sizeof(struct weft_iface) == 16 && sizeof(struct weft_eface) == 16, "interfaces are two words");
}

/* ---- all pairs of sets of methods, by all tasks at once ---- */
static struct weft_method methods[SETS][METHODS];
static struct weft_concrete concretes[SETS];
static struct weft_interface interfaces[SETS];
static const char *names[SETS][METHODS];
static char name[METHODS][16];
static const struct weft_itab *seen[TASKS][SETS][SETS];
static _Atomic int wrong;
static struct weft_waitgroup done;

/* Never called: method `m` of type `set` */
static void (*method_of(int set, int m))(void)
{
	return (void (*)(void))(uintptr_t)(set * METHODS + m + 1);
}

static void make_sets(void)
{
	for (int m = 0; m < METHODS; m++)
		snprintf(name[m], sizeof(name[m]), "m%d", m);
	for (int set = 0; set < SETS; set++) {
		int n = 0;

		for (int m = 0; m < METHODS; m++) {
			if (!(set >> m & 1))
				continue;
			methods[set][n] = (struct weft_method){ name[m], method_of(set, m) };
			names[set][n++] = name[m];
		}
		concretes[set] = (struct weft_concrete){ &square_type, n, methods[set] };
		interfaces[set] = (struct weft_interface){ "set", n, names[set] };
	}
}

static bool itab_is_right(const struct weft_itab *itab, int wants, int has)
{
	int n = 0;

	if ((wants & has) != wants)
		return !itab;
	if (!itab || itab->interface != &interfaces[wants] || itab->concrete != &concretes[has])
		return false;
	for (int m = 0; m < METHODS; m++)
		if (wants >> m & 1 && itab->fn[n++] != method_of(has, m))
			return false;
	return true;
}

/* Odd steps walk through all pairs, each task in another order */
static void look_up(void *arg)
{
	const struct weft_itab *(*mine)[SETS] = arg;
	unsigned task = (const struct weft_itab *(*)[SETS][SETS])arg - seen;

	for (unsigned i = 0; i < SETS * SETS; i++) {
		unsigned pair = (i * (task * 2 + 1) * 7919u + task * 977u) % (SETS * SETS);
		unsigned wants = pair / SETS, has = pair % SETS;

		mine[wants][has] = weft_itab(&interfaces[wants], &concretes[has]);
		if (!itab_is_right(mine[wants][has], wants, has))
			wrong++;
	}
	weft_wg_done(&done);
}

static void at_once(void)
{
	bool same = true;

	make_sets();
	weft_wg_add(&done, TASKS);
	for (int i = 0; i < TASKS; i++)
		weft_go(look_up, seen[i]);
	weft_wg_wait(&done);
	check(!wrong, "all pairs, found by all tasks");
	for (int i = 1; i < TASKS; i++)
		same &= !memcmp(seen[0], seen[i], sizeof(seen[0]));
	check(same, "every task was given the same itabs");
}

static int run(void *arg)
{
	by_hand();
	at_once();
	printf("1..%d\n", n_checks);
	return n_failed > 0;
}

int main(void)
{
	return weft_main(run, NULL);
}
