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

/* @return_at: -1 if unknown */
static void told(uint64_t ip, const char *name, int owner, unsigned flags, int return_at)
{
	struct tare_symbol head = { .pid = TGID, .ip = ip, .line = 7, .name_len = strlen(name), .file_len = 5 };
	struct event ev = { .kind = EVENT_SYMBOL, .symbol = { .head = &head, .name = name, .file = "/x.go" } };

	ev.symbol.more = (struct tare_symbol_more){ .flags = flags, .owner = owner, .return_at = return_at };
	fold(&ev);
}

static void told_all(unsigned leaf_flags, int leaf_return_at)
{
	const unsigned both = TARE_SYMBOL_CALL | TARE_SYMBOL_FRAME;

	told(LEAF, "runtime.leaf", TARE_OWNER_RUNTIME, leaf_flags, leaf_return_at);
	told(HELPER - 1, "runtime.helper", TARE_OWNER_RUNTIME, both, -1);
	told(OWN - 1, "main.own", TARE_OWNER_PROGRAM, both, -1);
	told(OTHER - 1, "main.other", TARE_OWNER_PROGRAM, both, -1);
	told(LOOP, "main.loop", TARE_OWNER_PROGRAM, TARE_SYMBOL_FRAME, -1);
}

/* A sample at @frames[0] with @word at 8 bytes above the stack pointer. */
static void sample_with(uint64_t ts, const uint64_t *frames, unsigned nr, uint64_t word)
{
	uint64_t words[3] = { 0xc000001000, word, 1 };
	struct event ev = { .kind = EVENT_STACK, .ts_ns = ts };

	ev.stack.tid = 102;
	ev.stack.tgid = TGID;
	ev.stack.nr_words = 3;
	ev.stack.nr_frames = nr;
	ev.stack.words = words;
	ev.stack.frames = frames;
	fold(&ev);
	sample(ts, 102, 0, TARE_NO_SYSCALL, frames[0]);
}

static void samples(const uint64_t *frames, unsigned nr, uint64_t word)
{
	request();
	for (uint64_t at = 0; at < 10 * MS; at += MS)
		sample_with(T + at, frames, nr, word);
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

static const uint64_t whole[] = { LEAF, HELPER, OWN, OTHER }, no_helper[] = { LEAF, OWN, OTHER };

/* It has its own frame: the frame pointer leads to its caller. */
static void test_framed(void **state)
{
	samples(whole, 4, 0);
	told_all(TARE_SYMBOL_FRAME, -1);
	called_by("main.own");
}

/* It has none yet: the frame pointer is its caller's, which only the word on the stack names. */
static void test_frameless(void **state)
{
	static const uint64_t frames[] = { LEAF, OTHER };

	samples(frames, 2, OWN);
	told_all(0, 8);
	called_by("main.own");
}

static void test_word_and_frame_agree(void **state)
{
	samples(no_helper, 3, OWN);
	told_all(TARE_SYMBOL_FRAME, 8);
	called_by("main.own");
}

/* Neither is known: a name further up may not be its caller, and the word may be anything. */
static void test_not_known(void **state)
{
	samples(no_helper, 3, OWN);
	told_all(0, -1);
	called_by(NULL);
}

/* What is where the return address should be is not one. */
static void test_no_call_there(void **state)
{
	samples(no_helper, 3, LOOP + 1);
	told_all(0, 8);
	called_by(NULL);
}

/* The helper keeps no frame pointer: what follows is not known to be its caller. */
static void test_chain_breaks(void **state)
{
	samples(whole, 4, 0);
	told(HELPER - 1, "runtime.helper", TARE_OWNER_RUNTIME, TARE_SYMBOL_CALL, -1);
	told_all(TARE_SYMBOL_FRAME, -1);
	called_by(NULL);
}

/* Three callers, none of them for half of the time. */
static void test_many_callers(void **state)
{
	static const uint64_t stacks[3][2] = { { LEAF, OWN }, { LEAF, OTHER }, { LEAF, 0x550000 } };

	request();
	for (uint64_t at = 0; at < 9 * MS; at += MS)
		sample_with(T + at, stacks[at / MS % 3], 2, 0);
	told_all(TARE_SYMBOL_FRAME, -1);
	told(0x550000 - 1, "main.third", TARE_OWNER_PROGRAM, TARE_SYMBOL_CALL | TARE_SYMBOL_FRAME, -1);
	called_by(NULL);
}

/* The program's own code needs no other name. */
static void test_own_leaf(void **state)
{
	static const uint64_t frames[] = { LOOP, OWN };
	const char *said;

	samples(frames, 2, 0);
	told_all(0, -1);
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
	told_all(0, -1);
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
		T_(test_framed),       T_(test_frameless),     T_(test_word_and_frame_agree),
		T_(test_not_known),    T_(test_no_call_there), T_(test_chain_breaks),
		T_(test_many_callers), T_(test_own_leaf),      T_(test_many_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
