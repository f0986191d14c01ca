// SPDX-License-Identifier: BSD-2-Clause
/* The words of a verdict and of the table of pauses: who called what, of each cause; no reason is cut; one or many. */
#include <stdio.h>

#include "pause_events.h"
#include "pauses.h"

#define LEAF 0x500000ull /* runtime.leaf */
#define OWN  0x520000ull /* main.own, which called it */

static const struct pauses_opts opts;

static void told(uint64_t ip, const char *name, int owner)
{
	struct tare_symbol head = { .pid = TGID, .ip = ip, .line = 7, .name_len = strlen(name), .file_len = 5 };
	struct event ev = { .kind = EVENT_SYMBOL, .symbol = { .head = &head, .name = name, .file = "/x.go" } };

	ev.symbol.more = (struct tare_symbol_more){ .owner = owner, .return_at = -1 };
	fold(&ev);
}

/* @tid is in runtime.leaf, called by main.own. */
static void called_sample(uint64_t ts, uint32_t tid)
{
	static const uint64_t frames[] = { LEAF, OWN };

	stack_is(1, frames, 2, 2);
	stacked(ts, tid, 1);
	sample(ts, tid, 0, TARE_NO_SYSCALL, LEAF);
	told(LEAF, "runtime.leaf", TARE_OWNER_RUNTIME);
	told(OWN - 1, "main.own", TARE_OWNER_PROGRAM);
}

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

/* The second cause is told as the first one is: with the program's own that called it. */
static void test_besides_has_caller(void **state)
{
	request();
	for (uint64_t at = 0; at < 4 * MS; at += MS)
		called_sample(T + at, 102);
	out(T + 4 * MS, 1, 102, 900, -1);
	in(T + 10 * MS, 1, 900, 102, 6 * MS);
	p_stopped(T + 10 * MS, 102, 18);
	rt(T + 10 * MS, 101, TARE_RT_STW_STOPPED);
	rt(T + 10 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 10 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	has(sentence(),
	    "held by hog (pid 900) on CPU 1; besides, 4.00 ms: user, runtime.leaf (x.go:7), called by main.own (x.go:7)");
}

/* What the program did to have the runtime work that long. */
static void test_runtime_has_caller(void **state)
{
	request();
	rt(T, 101, TARE_RT_STW_STOPPED);
	for (uint64_t at = 0; at < 9 * MS; at += MS)
		called_sample(T + at, 101);
	rt(T + 9 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 9 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_string_equal(sentence(),
			    "the kernel was not the cause: 9.00 ms of 9.00 ms were the runtime's own work, on the "
			    "initiator, thread 101 (goroutine 7), called by main.own (x.go:7)");
}

static void stop(uint64_t at, uint64_t reason)
{
	rt_args(at, 101, TARE_RT_STW_REQUEST, 7, 2, reason, 2, 0);
	p_stopped(at + 2 * MS, 102, 18);
	rt(at + 2 * MS, 101, TARE_RT_STW_STOPPED);
	rt(at + 2 * MS, 101, TARE_RT_STW_RESTART);
	rt(at + 2 * MS, 101, TARE_RT_STW_STARTED);
}

static void reason(uint64_t number, const char *text)
{
	struct tare_number_name head = {
		.pid = TGID, .kind = TARE_NAME_STOP_REASON, .number = number, .text_len = strlen(text)
	};
	struct event ev = { .kind = EVENT_NUMBER_NAME, .number_name = { .head = &head, .text = text } };

	fold(&ev);
}

static char *table(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	report__pauses(m, f, &opts);
	assert_int_equal(fclose(f), 0);
	return text;
}

/* All columns of all rows begin where their titles do, whatever the reasons' lengths are, in bytes and in columns. */
static void aligned(const char *longest, const char *shown)
{
	char *text, *title, *row;

	reason(1, longest);
	reason(2, "sch\xc3\xb6n");
	stop(T, 1);
	stop(T + 50 * MS, 2);
	end(T + 1000 * MS);
	text = table();
	has(text, shown);
	title = strstr(text, "at second");
	row = strstr(text, shown);
	/* the times' last digits stand below the last letters of their titles */
	assert_int_equal(strstr(title, "world") + 5 - title + 3, strstr(row, "2.00 ms") + 7 - row + 12);
	row = strstr(text, "sch\xc3\xb6n");
	assert_int_equal(strstr(title, "world") + 5 - title + 3, strstr(row, "2.00 ms") + 7 - row + 13 - 1);
	for (char *line, *rest = text; (line = strsep(&rest, "\n"));)
		assert_true(strlen(line) <= 101);
	free(text);
}

static void test_reason_whole(void **state)
{
	aligned("all goroutines stack trace", " all goroutines stack trace  ");
}

/* What no line has room for says so. */
static void test_reason_too_long(void **state)
{
	aligned("a reason that has more words than a line has columns", " a reason that has more words.. ");
}

static void test_one_and_many(void **state)
{
	char *text;

	stop(T, 1);
	rt_args(T + 50 * MS, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	end(T + 100 * MS);
	text = table();
	has(text, "1 stop-the-world pause, 2.00 ms in all\n! 1 more pause was not seen to end and is left out\n");
	free(text);
}

static void test_many(void **state)
{
	char *text;

	stop(T, 1);
	stop(T + 10 * MS, 1);
	for (uint64_t at = T + 50 * MS; at < T + 52 * MS; at += MS)
		rt_args(at, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	end(T + 100 * MS);
	text = table();
	has(text, "2 stop-the-world pauses, 4.00 ms in all\n! 2 more pauses were not seen to end and are left out\n");
	free(text);
}

int main(void)
{
#define T_(f) cmocka_unit_test_setup_teardown(f, setup_two, teardown)
	const struct CMUnitTest tests[] = {
		T_(test_besides_has_caller), T_(test_runtime_has_caller), T_(test_reason_whole),
		T_(test_reason_too_long),    T_(test_one_and_many),	  T_(test_many),
	};

	return cmocka_run_group_tests_name("pause_words", tests, NULL, NULL);
}
