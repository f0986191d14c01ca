// SPDX-License-Identifier: BSD-2-Clause
/* The data of the page: bins that lose nothing, a tree of stacks that is cut and says so, lanes that stay small. */
#include "model_events.h"

#include "flame.h"
#include "page_lanes.h"
#include "timeline.h"

static uint64_t sum_of(const struct timeline *t, enum span_kind kind)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < TIMELINE_BINS; i++)
		sum += t->ns[kind][i];
	return sum;
}

static void span(struct timeline *t, enum span_kind kind, uint64_t from, uint64_t to)
{
	timeline__span(t, &(struct span){ .from_ns = from, .to_ns = to, .tid = 1, .kind = kind });
}

/* Spans end up in the bins that they lie in, whole, except for what is outside of the recording. */
static void test_bins(void **state)
{
	static struct timeline t;

	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	end(1000 + 10000000);
	timeline__init(&t, m);
	assert_true(t.nr > 1000 && t.nr <= TIMELINE_BINS);
	span(&t, SPAN_ON_CPU, 1000, 1000 + 10000000);
	assert_int_equal(sum_of(&t, SPAN_ON_CPU), 10000000);
	for (unsigned i = 0; i + 1 < t.nr; i++)
		assert_true(t.ns[SPAN_ON_CPU][i] == t.width_ns);
	span(&t, SPAN_RUNQUEUE, 1000 + t.width_ns - 1, 1000 + t.width_ns + 1);
	assert_int_equal(t.ns[SPAN_RUNQUEUE][0], 1);
	assert_int_equal(t.ns[SPAN_RUNQUEUE][1], 1);
	span(&t, SPAN_THROTTLED, 0, 1100);
	span(&t, SPAN_THROTTLED, UINT64_MAX - 5, UINT64_MAX);
	assert_int_equal(sum_of(&t, SPAN_THROTTLED), 100);
	timeline__free(&t);
}

static void read_counters(struct timeline *t, uint32_t pid, uint64_t ts, uint64_t heap, uint64_t switches)
{
	struct event ev = { .kind = EVENT_COUNTERS, .ts_ns = ts };

	memset(&ev.counters, 0xff, sizeof(ev.counters));
	ev.counters.pid = pid;
	ev.counters.ts_ns = ts;
	ev.counters.final = 0;
	ev.counters.heap_bytes = heap;
	ev.counters.goroutine_switches = switches;
	timeline__event(t, &ev);
}

/* Levels of several processes add up; a counter's growth is spread between two readings; the first one says nothing. */
static void test_counters(void **state)
{
	struct event gone = { .kind = EVENT_EXIT, .ts_ns = 9000000, .exit = { .tid = 7, .tgid = 7 } };
	static struct timeline t;
	double sum = 0;

	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	end(1000 + 10000000);
	timeline__init(&t, m);
	read_counters(&t, 7, 1000000, 500, 1000000);
	read_counters(&t, 8, 2000000, 300, 50);
	read_counters(&t, 7, 5000000, 700, 1000400);
	timeline__event(&t, &gone);
	assert_int_equal(t.levels[LEVEL_HEAP][(2000000 - 1000) / t.width_ns], 800);
	assert_int_equal(t.levels[LEVEL_HEAP][(5000000 - 1000) / t.width_ns], 1000);
	assert_int_equal(t.levels[LEVEL_HEAP][(9000000 - 1000) / t.width_ns], 300);
	assert_true(t.levels[LEVEL_HEAP][0] == TARE_UNKNOWN);
	assert_true(t.levels[LEVEL_RESIDENT][t.nr - 1] == TARE_UNKNOWN);
	for (unsigned i = 0; i < t.nr; i++)
		sum += t.rates[RATE_GREEN][i];
	assert_true(sum > 399.9 && sum < 400.1);
	assert_true(t.rates[RATE_GREEN][0] == 0 && !t.has_rate[RATE_ALLOC]);
	timeline__free(&t);
}

/* Of a tree that is too large the largest nodes are left, callers before what they call, and their sums still fit. */
static void test_flame(void **state)
{
	uint64_t parents[8] = { 0 }, total = 0;
	struct flame f;
	json_t *json, *calls;
	char name[32];

	assert_int_equal(flame__init(&f), 0);
	for (unsigned i = 0; i < 4 * FLAME_SHOWN; i++) {
		flame__begin(&f);
		assert_int_equal(flame__call(&f, "main", false), 0);
		snprintf(name, sizeof(name), i % 2 ? "a<%u" : "b%u", i % 100);
		assert_int_equal(flame__call(&f, name, false), 0);
		snprintf(name, sizeof(name), "leaf %u", i);
		assert_int_equal(flame__call(&f, name, true), 0);
		flame__end(&f, i + 1);
		total += i + 1;
	}
	json = flame__json(&f);
	assert_non_null(json);
	calls = json_object_get(json, "calls");
	assert_int_equal(json_integer_value(json_object_get(json, "total")), total);
	assert_int_equal(json_array_size(calls) / 4 + json_integer_value(json_object_get(json, "left_out")), f.nr - 1);
	assert_true(json_array_size(calls) / 4 <= FLAME_SHOWN && json_array_size(calls) / 4 > FLAME_SHOWN / 2);
	parents[0] = total;
	for (size_t i = 0; i < json_array_size(calls); i += 4) {
		uint64_t depth = json_integer_value(json_array_get(calls, i));
		uint64_t own = json_integer_value(json_array_get(calls, i + 2));

		assert_true(depth >= 1 && depth <= 3);
		assert_true(own <= parents[depth - 1]); /* what is left of the caller */
		parents[depth - 1] -= own;
		parents[depth] = own;
	}
	json_decref(json);
	flame__free(&f);
}

/* A thread that switches without end is drawn in few pieces, which have no gap and no overlap. */
static void test_lanes(void **state)
{
	struct pause pause = { .request_ns = 1000000, .end_ns = 2000000, .tgid = 100 }, *kept[] = { &pause };
	struct switches *switches = calloc(1, sizeof(*switches));
	struct spans spans = { .switches = switches };
	const struct pause_lanes *pl;
	struct page_lanes l;
	uint64_t at = 0;

	switches__init(switches);
	m->pauses.kept = kept;
	m->pauses.nr_kept = 1;
	assert_int_equal(page_lanes__init(&l, m, &spans, 20), 0);
	for (; at < 3000000; at += 10) {
		page_lanes__span(&l, &(struct span){ at, at + 4, 101, 100, SPAN_ON_CPU, 0, 0, NULL });
		page_lanes__span(&l, &(struct span){ at + 4, at + 10, 101, 100, SPAN_ASLEEP, 0, 3, NULL });
	}
	page_lanes__span(&l, &(struct span){ 0, 5000000, 102, 100, SPAN_ASLEEP, 0, 3, NULL });
	page_lanes__span(&l, &(struct span){ 0, 5000000, 999, 998, SPAN_ON_CPU, 0, 0, NULL }); /* of another process */
	pl = &l.all[0];
	assert_int_equal(pl->nr, 2);
	assert_int_equal(pl->left_out, 0);
	assert_int_equal(pl->pieces[0].kind, NR_SPANS);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(pl->pieces[i].from_ns == pl->from_ns && pl->from_ns < pause.request_ns);
		assert_true(pl->pieces[i].to_ns == pl->to_ns && pl->to_ns > pause.end_ns);
	}
	page_lanes__free(&l);
	m->pauses.kept = NULL;
	m->pauses.nr_kept = 0;
	switches__free(switches);
	free(switches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counters, setup, teardown),
		cmocka_unit_test(test_flame),
		cmocka_unit_test_setup_teardown(test_lanes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
