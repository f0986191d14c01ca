// SPDX-License-Identifier: BSD-2-Clause
/* What is said of pauses, to people and to programs. */
#include <stdio.h>
#include <jansson.h>

#include "pause_events.h"
#include "pauses.h"

#define T (10 * MS)

static struct pauses_opts opts;

static const char *symbol(uint32_t tgid, uint64_t ip)
{
	static char buf[200];

	if (tgid != TGID || ip < 0x400000)
		return NULL;
	/* several addresses of one function; longer than any line */
	snprintf(buf, sizeof(buf), "compress/flate.(*compressor).%s",
		 ip < 0x401000 ? "deflate" :
				 "aVeryLongName\n"
				 "thatGoesOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOn");
	return buf;
}

/* 102 is late until @late: @how makes it so. */
static const char *sentence_of(void (*how)(void), uint64_t late)
{
	static char buf[640];

	rt_args(T, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	how();
	p_stopped(T + late, 102, 18);
	rt(T + late, 101, TARE_RT_STW_STOPPED);
	rt(T + late, 101, TARE_RT_STW_RESTART);
	rt(T + late, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	return pause_sentence(m, only_pause(), &opts, buf);
}

static void how_hog(void)
{
	out(T, 1, 102, 900, -1);
	in(T + 7 * MS, 1, 900, 102, 7 * MS);
}

static void test_runqueue(void **state)
{
	assert_string_equal(sentence_of(how_hog, 7500 * US),
			    "7.50 ms, of which 7.00 ms: thread 102 (goroutine 18) was runnable and waited for a CPU, "
			    "held by hog (pid 900) on CPU 1");
}

static void how_user(void)
{
	for (uint64_t at = 0; at < 8 * MS; at += MS)
		sample(T + at, 102, 0, TARE_NO_SYSCALL, 0x400000 + at / 100000);
}

/* Samples of one function at many addresses are one function. */
static void test_acquittal(void **state)
{
	opts.symbol = symbol;
	assert_string_equal(sentence_of(how_user, 8 * MS),
			    "the kernel was not the cause: for 8.00 ms of 8.00 ms, thread 102 (goroutine 18) ran on in "
			    "compress/flate.(*compressor).deflate, without reaching a safepoint");
}

static void how_user_and_hog(void)
{
	for (uint64_t at = 0; at < 5 * MS; at += MS)
		sample(T + at, 102, 0, TARE_NO_SYSCALL, 0x400000);
	out(T + 5 * MS, 1, 102, 900, -1);
	in(T + 8 * MS, 1, 900, 102, 3 * MS);
}

/* Who waited three eighths of it for a CPU must not read that the kernel had no part in it. */
static void test_no_acquittal(void **state)
{
	opts.symbol = symbol;
	assert_string_equal(sentence_of(how_user_and_hog, 8 * MS),
			    "8.00 ms, of which 5.00 ms: thread 102 (goroutine 18) ran on in "
			    "compress/flate.(*compressor).deflate, without reaching a safepoint; besides, 3.00 ms: "
			    "runqueue, hog (pid 900) on CPU 1");
}

static void test_acquittal_by_address(void **state)
{
	opts.symbol = NULL;
	assert_non_null(strstr(sentence_of(how_user, 8 * MS), "ran on in 0x4000"));
}

/* What the recorder found out. */
static void page_told(uint64_t address, const char *name)
{
	struct tare_page head = { .pid = TGID, .address = address, .name_len = strlen(name) };
	struct event ev = { .kind = EVENT_PAGE, .page = { &head, name } };

	fold(&ev);
}

static void quota_told(uint32_t pid, const char *path, uint64_t quota_ns, uint64_t period_ns)
{
	struct tare_quota head = { .pid = pid, .quota_ns = quota_ns, .period_ns = period_ns, .path_len = strlen(path) };
	struct event ev = { .kind = EVENT_QUOTA, .quota = { &head, path } };

	fold(&ev);
}

static void how_throttled(void)
{
	out(T, 1, 102, 0, 0);
	struct event ev = sw(T + 7 * MS, 1, 0, 102);

	ev.sw.next_target = ev.sw.has_wait = true;
	ev.sw.wait_ns = ev.sw.throttled_ns = 7 * MS;
	fold(&ev);
}

static void test_throttled(void **state)
{
	assert_non_null(strstr(sentence_of(how_throttled, 7500 * US),
			       "was throttled: the CPU quota of its cgroup was used up"));
}

static void test_throttled_by(void **state)
{
	quota_told(TGID, "/old", 1000000, 2000000);
	quota_told(TGID, "/kube/\033[1mpod", 20000000, 100000000);
	quota_told(TGID + 1, "/another", 1000000, 2000000);
	const char *sentence = sentence_of(how_throttled, 7500 * US);

	assert_non_null(strstr(sentence, "throttled: the CPU quota of /kube/"));
	assert_non_null(strstr(sentence, "pod (20.0 ms in each 100 ms) was used up"));
	assert_null(strchr(sentence, '\033'));
}

/* A thread may be in a cgroup of its own; and what a file says of a quota may be anything. */
static void test_throttled_thread(void **state)
{
	quota_told(TGID, "/process", 20000000, 100000000);
	quota_told(102, "/thread", 10000000, 50000000);
	assert_non_null(strstr(sentence_of(how_throttled, 7500 * US), "of /thread (10.0 ms in each 50.0 ms) was"));
}

static void how_call(void)
{
	struct event ev = sw(T, 1, 102, 0);

	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_UNINTERRUPTIBLE;
	ev.sw.syscall = 74;
	fold(&ev);
	in_woken(T + 5 * MS, 1, 0, 102, 0, 0, 0);
}

static void test_blocked(void **state)
{
	assert_string_equal(sentence_of(how_call, 5 * MS),
			    "5.00 ms, of which 5.00 ms: thread 102 (goroutine 18) was blocked in the kernel: fsync");
}

static void how_fault(void)
{
	struct event ev = sw(T + 1 * US, 1, 102, 0);

	fault(T, 102, 0x7f0000001000);
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_UNINTERRUPTIBLE;
	fold(&ev);
	in_woken(T + 5 * MS, 1, 0, 102, 0, 0, 0);
}

static void test_fault(void **state)
{
	assert_string_equal(sentence_of(how_fault, 5 * MS),
			    "5.00 ms, of which 5.00 ms: thread 102 (goroutine 18) was in a page fault at "
			    "0x7f0000001000");
}

static void test_fault_in_a_file(void **state)
{
	page_told(0x7f0000001000ull, "/data/some\nfile");
	assert_non_null(strstr(sentence_of(how_fault, 5 * MS), "in a page fault at 0x7f0000001000 in /data/some"));
}

/* A runtime has its own word for what its threads run. */
static void test_green_thread(void **state)
{
	struct tare_number_name head = { .pid = TGID, .kind = TARE_NAME_GREEN, .text_len = 14 };
	struct event ev = { .kind = EVENT_NUMBER_NAME, .number_name = { .head = &head, .text = "virtual thread" } };

	fold(&ev);
	assert_non_null(strstr(sentence_of(how_fault, 5 * MS), "thread 102 (virtual thread 18) was in a page fault"));
}

static void test_fault_without_a_name(void **state)
{
	page_told(0x7f0000001000ull, "");
	assert_non_null(strstr(sentence_of(how_fault, 5 * MS), "at 0x7f0000001000 in anonymous memory"));
}

static void how_masked(void)
{
	signal_at(T, 102, TARE_SIGNAL_SENT, 0);
	sample(T + 1 * MS, 102, 0, TARE_NO_SYSCALL, 0x1234);
}

static void test_signal(void **state)
{
	assert_non_null(strstr(sentence_of(how_masked, 5 * MS), "had been sent a signal to stop, which had yet to be "
								"delivered; it was at 0x1234"));
}

static void how_irq(void)
{
	irq(T + 4 * MS, 102, 3, 4 * MS);
}

static void test_irq(void **state)
{
	assert_string_equal(sentence_of(how_irq, 5 * MS), "5.00 ms, of which 4.00 ms: interrupts took the CPU from "
							  "thread 102 (goroutine 18), softirq NET_RX most of all; "
							  "besides, 1.00 ms: user");
}

static void how_not(void)
{
}

static void test_concluded(void **state)
{
	assert_non_null(strstr(sentence_of(how_not, 2 * MS), "(inferred, not seen)"));
}

static void test_runtime(void **state)
{
	char buf[640];

	rt_args(T, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	rt(T, 101, TARE_RT_STW_STOPPED);
	rt(T + 9 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 9 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_string_equal(pause_sentence(m, only_pause(), &opts, buf),
			    "the kernel was not the cause: 9.00 ms of 9.00 ms were the runtime's own work, on the "
			    "initiator, thread 101 (goroutine 7)");
}

/* The same of the runtime's own work, where the initiator lost its CPU while all stood. */
static void test_runtime_in_part(void **state)
{
	char buf[640];

	rt_args(T, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	rt(T, 101, TARE_RT_STW_STOPPED);
	out(T + 6 * MS, 0, 101, 900, -1);
	in(T + 10 * MS, 0, 900, 101, 4 * MS);
	rt(T + 10 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 10 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_string_equal(pause_sentence(m, only_pause(), &opts, buf),
			    "10.0 ms, of which 6.00 ms were the runtime's own work, on the initiator, thread 101 "
			    "(goroutine 7); besides, 4.00 ms: runqueue, hog (pid 900) on CPU 0");
}

/* One cause, two threads, one after the other: the sentence names one, and must not give it all of the time. */
static void test_two_threads(void **state)
{
	char buf[640];

	rt_args(T, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	out(T, 1, 102, 900, -1);
	in(T + 4 * MS, 1, 900, 102, 4 * MS);
	p_stopped(T + 4 * MS, 102, 18);
	rt(T + 4 * MS, 101, TARE_RT_STW_STOPPED);
	out(T + 4 * MS, 0, 101, 900, -1);
	in(T + 10 * MS, 0, 900, 101, 6 * MS);
	rt(T + 10 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 10 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_string_equal(
		pause_sentence(m, only_pause(), &opts, buf),
		"10.0 ms, of which 10.0 ms: the initiator, thread 101 (goroutine 7) was runnable and waited "
		"for a CPU, held by hog (pid 900) on CPU 0 for 6.00 ms of that, in part while the world "
		"was stopped (4.00 ms of it on other threads)");
}

/* Who was late is a guess, but it was another that took most of the time: of that one nothing is guessed. */
static void guess(uint64_t stood)
{
	char buf[640];

	rt_args(T, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	signal_at(T + 5 * US, 102, TARE_SIGNAL_SENT, 0);
	out(T + 10 * US, 0, 101, 0, 202);
	out(T + 15 * US, 1, 102, 900, -1);
	in(T + 3 * MS, 1, 900, 102, 3 * MS - 15 * US);
	signal_at(T + 3 * MS + 1 * US, 102, TARE_SIGNAL_DELIVERED, 0x1000);
	out(T + 3 * MS + 9 * US, 1, 102, 0, 202);
	in(T + 3 * MS + 20 * US, 0, 0, 101, 0);
	rt(T + 3 * MS + 22 * US, 101, TARE_RT_STW_STOPPED);
	out(T + 3 * MS + 23 * US, 0, 101, 900, -1);
	in(T + 3 * MS + 23 * US + stood, 0, 900, 101, stood);
	rt(T + 4 * MS + stood, 101, TARE_RT_STW_RESTART);
	rt(T + 4 * MS + stood, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_true(only_pause()->guessed);
	pause_sentence(m, only_pause(), &opts, buf);
	assert_true(!strstr(buf, "is a guess") == (stood > 3 * MS));
}

static void test_guessed(void **state)
{
	guess(1 * MS);
}

static void test_guessed_another(void **state)
{
	guess(8 * MS);
}

static void several(void)
{
	static const char reason[] = "GC mark termination\033[1m and more words than there is room for";
	struct tare_number_name head = {
		.pid = TGID, .kind = TARE_NAME_STOP_REASON, .number = 1, .text_len = sizeof(reason) - 1
	};
	struct event ev = { .kind = EVENT_NUMBER_NAME, .number_name = { &head, reason } };

	fold(&ev);
	for (uint64_t i = 0; i < 6; i++) {
		uint64_t at = T + i * 50 * MS;

		rt_args(at, 101, TARE_RT_STW_REQUEST, 7, 2, 1 + i % 2, 2, 0);
		if (i % 3)
			signal_at(at, 102, TARE_SIGNAL_SENT, 0);
		sample(at + 1 * MS, 102, 0, TARE_NO_SYSCALL, i % 2 ? 0x400000 : 0x402000);
		p_stopped(at + i * MS + 2 * MS, 102, i ? UINT64_MAX - 1 : 3);
		rt(at + i * MS + 2 * MS, 101, TARE_RT_STW_STOPPED);
		rt(at + i * MS + 2 * MS, 101, TARE_RT_STW_RESTART);
		rt_args(at + i * MS + 3 * MS, 101, TARE_RT_OWN_TOTAL, 0, 1, i * MS + 1 * MS, 0, 0);
		rt(at + i * MS + 3 * MS, 101, TARE_RT_STW_STARTED);
	}
	end(T + 1000 * MS);
}

static char *print_to_memory(int (*print)(const struct model *m, FILE *to, const struct pauses_opts *opts))
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(print(m, f, &opts), 0);
	assert_int_equal(fclose(f), 0);
	return text;
}

static int print_text(const struct model *model, FILE *to, const struct pauses_opts *o)
{
	report__pauses(model, to, o);
	return 0;
}

static void test_table(void **state)
{
	unsigned rows = 0;
	char *text, *line, *rest;

	opts = (struct pauses_opts){ .longest = 4, .symbol = symbol };
	several();
	text = rest = print_to_memory(print_text);
	assert_non_null(strstr(text, "6 stop-the-world pauses, 33.0 ms in all; the 4 longest\n"));
	assert_non_null(strstr(text, "the runtime's own account: 6.00 ms; it leaves out 2.00 ms\n"));
	assert_null(strchr(text, '\033'));
	while ((line = strsep(&rest, "\n"))) {
		assert_true(strlen(line) <= 100);
		rows += !strncmp(line, "    0.", 6);
	}
	assert_int_equal(rows, 4);
	free(text);
}

static void test_nothing_told(void **state)
{
	char *text;

	teardown(state);
	setup(state);
	end(T);
	text = print_to_memory(print_text);
	assert_non_null(strstr(text, "no pauses: "));
	free(text);
}

static uint64_t number(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	assert_true(json_is_integer(n));
	return json_integer_value(n);
}

static void test_json(void **state)
{
	json_t *root, *pause, *part;
	uint64_t last = UINT64_MAX;
	json_error_t error;
	size_t i, j;
	char *text;

	opts = (struct pauses_opts){ .symbol = symbol };
	several();
	text = print_to_memory(report__pauses_json);
	root = json_loads(text, 0, &error);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "tare.pauses/1");
	assert_int_equal(number(root, "count"), 6);
	assert_int_equal(json_array_size(json_object_get(root, "pauses")), 6);
	json_array_foreach(json_object_get(root, "pauses"), i, pause)
	{
		uint64_t world = number(pause, "world_ns"), causes = 0, chain = 0;

		assert_true(world <= last);
		last = world;
		json_array_foreach(json_object_get(pause, "causes"), j, part) causes += number(part, "ns");
		json_array_foreach(json_object_get(pause, "chain"), j, part)
		{
			assert_int_equal(number(part, "start_ns"), chain);
			chain += number(part, "ns");
		}
		assert_int_equal(causes, world);
		assert_int_equal(chain, world);
		part = json_object_get(pause, "parts");
		assert_int_equal(number(part, "stopping_ns") + number(part, "stopped_ns") + number(part, "restart_ns"),
				 world);
		/* as the runtime has it, not as measured */
		assert_int_equal(number(pause, "total_ns"), world - 2 * MS);
		assert_int_equal(number(json_object_get(pause, "own"), "left_out_ns"), 2 * MS);
		assert_int_equal(number(json_object_get(pause, "straggler"), "tid"), 102);
		assert_true(json_is_string(json_object_get(pause, "verdict")));
		assert_true(json_is_false(json_object_get(pause, "lost")));
	}
	json_decref(root);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_two, teardown)
		TEST(test_runqueue),
		TEST(test_acquittal),
		TEST(test_no_acquittal),
		TEST(test_acquittal_by_address),
		TEST(test_throttled),
		TEST(test_throttled_by),
		TEST(test_throttled_thread),
		TEST(test_blocked),
		TEST(test_fault),
		TEST(test_fault_in_a_file),
		TEST(test_fault_without_a_name),
		TEST(test_green_thread),
		TEST(test_signal),
		TEST(test_irq),
		TEST(test_concluded),
		TEST(test_runtime),
		TEST(test_runtime_in_part),
		TEST(test_two_threads),
		TEST(test_guessed),
		TEST(test_guessed_another),
		TEST(test_table),
		TEST(test_nothing_told),
		TEST(test_json),
	};

	return cmocka_run_group_tests_name("pause_report", tests, NULL, NULL);
}
