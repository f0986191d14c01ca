// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which caller a verdict names for the function that a thread was in: only certain ones, and only for most of the
 * time.
 */
#include "pause_events.h"
#include "pauses.h"

#define LEAF   0x500000ull /* runtime.leaf */
#define HELPER 0x510000ull /* runtime.helper, which called it */
#define OWN    0x520000ull /* main.own, which called that */
#define OTHER  0x530000ull /* main.other */
#define LOOP   0x540000ull /* main.loop, whose own code is the leaf */

static const char *sentence(void)
{
	static const struct pauses_opts opts;
	static char buf[640];

	p_stopped(T + 10 * MS, 102, 18);
	rt(T + 10 * MS, 101, TARE_RT_STW_STOPPED);
	rt(T + 10 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 10 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	return pause_sentence(m, only_pause(), &opts, buf);
}

static void told(uint64_t ip, const char *name, int owner)
{
	struct tare_symbol head = { .pid = TGID, .ip = ip, .line = 7, .name_len = strlen(name), .file_len = 5 };
	struct event ev = { .kind = EVENT_SYMBOL, .symbol = { .head = &head, .name = name, .file = "/x.go" } };

	ev.symbol.more = (struct tare_symbol_more){ .owner = owner, .return_at = -1 };
	fold(&ev);
}

static void told_all(void)
{
	told(LEAF, "runtime.leaf", TARE_OWNER_RUNTIME);
	told(HELPER - 1, "runtime.helper", TARE_OWNER_RUNTIME);
	told(OWN - 1, "main.own", TARE_OWNER_PROGRAM);
	told(OTHER - 1, "main.other", TARE_OWNER_PROGRAM);
	told(LOOP, "main.loop", TARE_OWNER_PROGRAM);
}

/* A sample with stack @number, which is at @ip. */
static void sample_with(uint64_t ts, uint32_t number, uint64_t ip)
{
	stacked(ts, 102, number);
	sample(ts, 102, 0, TARE_NO_SYSCALL, ip);
}

static void samples(const uint64_t *frames, unsigned nr, unsigned nr_sure)
{
	request();
	stack_is(1, frames, nr, nr_sure);
	for (uint64_t at = 0; at < 10 * MS; at += MS)
		sample_with(T + at, 1, frames[0]);
}

static void called_by(const char *caller)
{
	const char *said = sentence();
	char want[128];

	assert_non_null(strstr(said, "ran on in runtime.leaf (x.go:7)"));
	snprintf(want, sizeof(want), ", called by %s (x.go:7), without reaching a safepoint", caller ?: "");
	if (!caller)
		assert_null(strstr(said, "called"));
	else if (!strstr(said, want))
		fail_msg("'%s' has no '%s'", said, want);
}

static const uint64_t whole[] = { LEAF, HELPER, OWN, OTHER };

static void test_caller(void **state)
{
	samples(whole, 4, 4);
	told_all();
	called_by("main.own");
}

/* The frame pointers say so, but nothing proves it. */
static void test_not_sure(void **state)
{
	samples(whole, 4, 2);
	told_all();
	called_by(NULL);
}

/* A caller without a name: what is above it may be in the same function, or not. */
static void test_no_name(void **state)
{
	samples(whole, 4, 4);
	told(LEAF, "runtime.leaf", TARE_OWNER_RUNTIME);
	told(OWN - 1, "main.own", TARE_OWNER_PROGRAM);
	called_by(NULL);
}

/* The stack of another record is not this one's. */
static void test_other_record(void **state)
{
	request();
	stack_is(1, whole, 4, 4);
	for (uint64_t at = 0; at < 10 * MS; at += MS) {
		stacked(T + at - 1, 102, 1);
		sample(T + at, 102, 0, TARE_NO_SYSCALL, LEAF + 4);
	}
	told_all();
	told(LEAF + 4, "runtime.leaf", TARE_OWNER_RUNTIME);
	called_by(NULL);
}

/* Three callers, none of them for half of the time. */
static void test_many_callers(void **state)
{
	static const uint64_t stacks[3][2] = { { LEAF, OWN }, { LEAF, OTHER }, { LEAF, 0x550000 } };

	request();
	for (unsigned i = 0; i < 3; i++)
		stack_is(i + 1, stacks[i], 2, 2);
	for (uint64_t at = 0; at < 9 * MS; at += MS)
		sample_with(T + at, at / MS % 3 + 1, LEAF);
	told_all();
	told(0x550000 - 1, "main.third", TARE_OWNER_PROGRAM);
	called_by(NULL);
}

/* The program's own code needs no other name. */
static void test_own_leaf(void **state)
{
	static const uint64_t frames[] = { LOOP, OWN };
	const char *said;

	samples(frames, 2, 2);
	told_all();
	said = sentence();
	assert_non_null(strstr(said, "ran on in main.loop (x.go:7), without reaching a safepoint"));
}

/* Far more places than a pause has room for: each gets at most its own time, whatever was merged. */
static void test_many_places(void **state)
{
	const struct pauses_opts opts = { 0 };
	struct pause_top top;
	uint64_t sum = 0;
	char buf[192];

	request();
	told_all();
	for (unsigned i = 0; i < 10000; i++)
		sample(T + i * US, 102, 0, TARE_NO_SYSCALL, i % 5 ? 0x700000 + i : LOOP);
	assert_non_null(strstr(sentence(), "ran on in main.loop"));
	for (uint32_t i = 0; i < only_pause()->chain.n; i++) {
		const struct pause_seg *s = &only_pause()->chain.at[i];

		if (s->cause != PAUSE_USER || !s->detail)
			continue;
		sum += s->end_ns - s->start_ns;
		/* each other address was seen once, for a microsecond */
		if (s->detail != LOOP)
			assert_true(s->end_ns - s->start_ns <= 2 * US);
	}
	pause__top(only_pause(), PAUSE_USER, &top);
	assert_true(sum >= 2 * MS - 20 * US && sum < 3 * MS);
	assert_non_null(pause_detail(m, only_pause(), PAUSE_USER, &opts, buf));
}

int main(void)
{
#define T_(f) cmocka_unit_test_setup_teardown(f, setup_two, teardown)
	const struct CMUnitTest tests[] = {
		T_(test_caller),       T_(test_not_sure), T_(test_no_name),	T_(test_other_record),
		T_(test_many_callers), T_(test_own_leaf), T_(test_many_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
