// SPDX-License-Identifier: BSD-2-Clause
/* Who a report says had the CPU, however long ago; and counters read at different times. */
#include <stdio.h>

#include "pause_events.h"
#include "pauses.h"
#include "report.h"

static const struct pauses_opts opts;

static const char *sentence(void)
{
	static char buf[640];

	return pause_sentence(m, only_pause(), &opts, buf);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' has no '%s'", text, part);
}

static void rest_at(uint64_t stop)
{
	p_stopped(stop, 102, 18);
	rt(stop, 101, TARE_RT_STW_STOPPED);
	rt(stop, 101, TARE_RT_STW_RESTART);
	rt(stop, 101, TARE_RT_STW_STARTED);
}

/* 102 waits while others take turns: @n switches, 100 us apart. Returns when it runs. */
static uint64_t wait_for(unsigned n)
{
	uint64_t ts = T, from = T + 100 * US;

	request();
	out(from, 1, 102, 900, -1);
	for (ts = from; n; n--) {
		ts += 100 * US;
		others(ts, 1, n % 2 ? 901 : 900, n % 2 ? 900 : 901);
	}
	in(ts + 100 * US, 1, 900, 102, ts + 100 * US - from);
	return ts + 100 * US;
}

/* However many these were, each is known. */
static void test_long_wait(void **state)
{
	uint64_t runs;

	name(901, "rival");
	runs = wait_for(10000);
	rest_at(runs);
	end(runs + 100 * MS);
	for (uint32_t i = 0; i < only_pause()->chain.n; i++) {
		if (only_pause()->chain.at[i].cause == PAUSE_RUNQUEUE)
			assert_int_not_equal(only_pause()->chain.at[i].name, NAME_UNKNOWN);
	}
	assert_int_equal(only_pause()->cause_ns[PAUSE_RUNQUEUE], runs - T - 100 * US);
	has(sentence(), "(pid 90");
}

/* Its name came after the wait was over. */
static void test_named_later(void **state)
{
	request();
	out(T, 1, 102, 950, -1);
	in(T + 7 * MS, 1, 950, 102, 7 * MS);
	rest_at(T + 7 * MS);
	name(950, "late");
	end(T + 100 * MS);
	has(sentence(), "held by late (pid 950) on CPU 1");
}

static void test_never_named(void **state)
{
	request();
	out(T, 1, 102, 950, -1);
	in(T + 7 * MS, 1, 950, 102, 7 * MS);
	rest_at(T + 7 * MS);
	end(T + 100 * MS);
	has(sentence(), "held by task 950 on CPU 1");
}

/* One tare is the recorder, another is not. */
static void test_recorder(void **state)
{
	struct event who = { .kind = EVENT_INFO, .info = { TARE_INFO_RECORDER, "960" } };
	struct event thread = { .kind = EVENT_NAME, .name = { .tid = 961, .tgid = 960, .comm = "tare" } };

	fold(&who);
	fold(&thread);
	name(970, "tare");
	request();
	out(T, 1, 102, 961, -1);
	others(T + 5 * MS, 1, 961, 970);
	in(T + 7 * MS, 1, 970, 102, 7 * MS);
	rest_at(T + 7 * MS);
	end(T + 100 * MS);
	has(sentence(), "held by tare itself, which records this (pid 961), on CPU 1 for 5.00 ms of that");
	assert_int_equal(only_pause()->cause_ns[PAUSE_RUNQUEUE], 7 * MS);
	assert_int_equal(m->switches.rivals.rival[NAME_RECORDER][0].total_ns, 5 * MS);
}

static void counted(uint64_t ts, uint64_t pauses, bool final)
{
	struct event ev = { .kind = EVENT_COUNTERS, .ts_ns = ts };

	memset(&ev.counters, 0xff, sizeof(ev.counters));
	ev.counters.ts_ns = ts;
	ev.counters.pid = TGID;
	ev.counters.final = final;
	ev.counters.collections = pauses / 2;
	ev.counters.pauses = ev.counters.pause_ns = pauses;
	fold(&ev);
}

static char *printed(int (*print)(const struct model *m, FILE *to))
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(print(m, f), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static int print_head(const struct model *model, FILE *to)
{
	report__head(model, to);
	return 0;
}

static char *head(void)
{
	return printed(print_head);
}

/* Two pauses, the second at T + 50 ms; the last reading at @until, the end at T + 90 ms. */
static void two_pauses(uint64_t until, uint64_t pauses, bool final, const char *said, const char *not_said)
{
	char *text;

	counted(3 * MS, 0, false);
	request();
	rest_at(T + 1 * MS);
	if (until < T + 50 * MS)
		counted(until, pauses, final);
	rt_args(T + 50 * MS, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	rest_at(T + 51 * MS);
	if (until >= T + 50 * MS)
		counted(until, pauses, final);
	end(T + 90 * MS);
	text = head();
	has(text, said);
	if (strstr(text, not_said))
		fail_msg("'%s' has '%s'", text, not_said);
	for (char *line, *rest = text; (line = strsep(&rest, "\n"));)
		assert_true(strlen(line) <= 100);
	free(text);
}

static void test_read_before(void **state)
{
	two_pauses(T + 40 * MS, 1, false,
		   "; 1 pause of 1 ns in all, by the runtime's own account,\n"
		   "             read 50.0 ms before the end; recorded until the end, for any reason: 2\n",
		   "perhaps");
}

/* Nothing follows: the only reason given is that it counts other things. */
static void test_fewer(void **state)
{
	two_pauses(T + 80 * MS, 1, false,
		   "own account,\n             perhaps of collections only; recorded for any "
		   "reason: 2\n",
		   "before the end");
}

static void test_same(void **state)
{
	two_pauses(T + 80 * MS, 2, true, "; 2 pauses of 2 ns in all, by the runtime's own account\n", "recorded for");
}

static void runtime_told(const char *name)
{
	struct event ev = { .kind = EVENT_INFO, .info = { "runtime", name } };

	fold(&ev);
}

static void runtime_is(const char *in_text, const char *in_json)
{
	char *text = head(), *json = printed(report__json);

	has(text, in_text);
	has(json, in_json);
	free(text);
	free(json);
}

/* A program whose runtime nobody names is not native, which would mean that it has no pauses. */
static void test_runtime_untold(void **state)
{
	end(T + 90 * MS);
	runtime_is("  runtime    unknown", "\"runtime\": null,\n    \"runtime_version\": null");
}

/* The name of what a shell became is gone, what that told is not. */
static void test_runtime_belied(void **state)
{
	runtime_told("native");
	request();
	rest_at(T + 1 * MS);
	end(T + 90 * MS);
	runtime_is("  runtime    unknown", "\"runtime\": null,\n    \"runtime_version\": null");
}

static void test_runtime_told(void **state)
{
	teardown(state);
	setup(state);
	runtime_told("native");
	end(T + 90 * MS);
	runtime_is("  runtime    native", "\"runtime\": \"native\"");
	runtime_told("go");
	runtime_is("  runtime    go", "\"runtime\": \"go\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_two, teardown)
		TEST(test_long_wait),	   TEST(test_named_later),  TEST(test_never_named), TEST(test_recorder),
		TEST(test_read_before),	   TEST(test_fewer),	    TEST(test_same),	    TEST(test_runtime_untold),
		TEST(test_runtime_belied), TEST(test_runtime_told),
	};

	return cmocka_run_group_tests_name("pause_told_late", tests, NULL, NULL);
}
