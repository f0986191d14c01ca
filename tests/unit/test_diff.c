// SPDX-License-Identifier: BSD-2-Clause
/* Two recordings: what differs by more than their seconds vary, and what does not. */
#include <jansson.h>

#include "diff.h"
#include "model_events.h"

#define MS 1000000ull
#define S  1000000000ull

static struct model *models[2];

/* A recording of @seconds: in each the thread comes and goes @turns times (@odd more in every second one), 1 ms each.
 */
static struct model *recording(unsigned seconds, unsigned turns, unsigned odd)
{
	struct model *made;

	assert_int_equal(setup(NULL), 0);
	task(0, 1, 101, -1, TARE_STATE_INTERRUPTIBLE, READ, NULL);
	for (unsigned s = 0; s < seconds; s++) {
		for (unsigned i = 0; i < turns + (s % 2 ? odd : 0); i++) {
			uint64_t at = s * S + (2 * i + 1) * MS;

			in(at, 0, 0, 101, 0);
			out(at + MS, 0, 101, 0, READ);
		}
	}
	end(seconds * S);
	made = m;
	m = NULL;
	return made;
}

static int free_both(void **state)
{
	model__free(models[0]);
	model__free(models[1]);
	models[0] = models[1] = NULL;
	return 0;
}

static json_t *compare(double per_a, double per_b)
{
	struct diff_side sides[2] = { { models[0], per_a }, { models[1], per_b } };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	json_t *root;

	assert_int_equal(report__diff_json(sides, f), 0);
	fclose(f);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	free(text);
	return root;
}

static json_t *figure(json_t *root, const char *name)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(root, "figures"), i,
			   f) if (!strcmp(json_string_value(json_object_get(f, "figure")), name)) return f;
	fail_msg("no figure %s", name);
	return NULL;
}

static double mean(json_t *root, const char *name, const char *side)
{
	return json_real_value(json_object_get(json_object_get(figure(root, name), side), "mean"));
}

/* 1, 0, or -1: too short to tell */
static int differs(json_t *root, const char *name)
{
	json_t *is = json_object_get(figure(root, name), "differs");

	return json_is_null(is) ? -1 : json_is_true(is);
}

static void is_about(double got, double want)
{
	if (got < want * 0.98 || got > want * 1.02)
		fail_msg("%g, not %g", got, want);
}

static void the_same(void **state)
{
	json_t *root;

	models[0] = recording(20, 40, 20);
	models[1] = recording(20, 40, 20);
	root = compare(0, 0);
	assert_int_equal(differs(root, "switches"), 0);
	assert_int_equal(differs(root, "cpu_ns"), 0);
	is_about(mean(root, "switches", "a"), 50);
	is_about(mean(root, "cpu_ns", "b"), 50 * MS);
	json_decref(root);
}

/* A tenth more is much where seconds are alike, and nothing where they are not. */
static void more_than_noise(void **state)
{
	json_t *root;

	models[0] = recording(20, 100, 2);
	models[1] = recording(20, 110, 2);
	root = compare(0, 0);
	assert_int_equal(differs(root, "switches"), 1);
	assert_int_equal(differs(root, "cpu_ns"), 1);
	json_decref(root);
	free_both(NULL);
	models[0] = recording(20, 10, 180);
	models[1] = recording(20, 20, 180);
	root = compare(0, 0);
	assert_int_equal(differs(root, "switches"), 0);
	json_decref(root);
}

/* Twice as long with twice as many requests: the same for each. */
static void for_each_request(void **state)
{
	json_t *root;

	models[0] = recording(20, 40, 2);
	models[1] = recording(40, 40, 2);
	root = compare(1000, 2000);
	assert_int_equal(differs(root, "switches"), 0);
	is_about(mean(root, "switches", "a"), 0.82);
	is_about(mean(root, "switches", "b"), 0.82);
	json_decref(root);
	root = compare(1000, 1000);
	assert_int_equal(differs(root, "switches"), 1);
	json_decref(root);
}

static void too_short(void **state)
{
	json_t *root;

	models[0] = recording(2, 40, 2);
	models[1] = recording(20, 140, 2);
	root = compare(0, 0);
	assert_int_equal(differs(root, "switches"), -1);
	json_decref(root);
}

/* More seconds than are kept: two are put together, and the mean stays right. */
static void very_long(void **state)
{
	json_t *root;

	models[0] = recording(5000, 4, 2);
	models[1] = recording(20, 4, 2);
	assert_true(models[0]->windows.nr <= WINDOWS_MAX);
	root = compare(0, 0);
	assert_int_equal(differs(root, "switches"), 0);
	is_about(mean(root, "switches", "a"), 5);
	json_decref(root);
}

/* Nothing is said of what one of them does not know. */
static void not_known(void **state)
{
	json_t *f, *root;
	size_t i;

	models[0] = recording(10, 4, 2);
	models[1] = recording(10, 4, 2);
	root = compare(0, 0);
	json_array_foreach(json_object_get(root, "figures"), i, f)
	{
		assert_string_not_equal(json_string_value(json_object_get(f, "figure")), "alloc_bytes");
		assert_string_not_equal(json_string_value(json_object_get(f, "figure")), "pauses");
	}
	json_decref(root);
}

int main(void)
{
#define T_(f) cmocka_unit_test_teardown(f, free_both)
	const struct CMUnitTest tests[] = {
		T_(the_same), T_(more_than_noise), T_(for_each_request), T_(too_short), T_(very_long), T_(not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
