// SPDX-License-Identifier: BSD-2-Clause
/* Which function and line a verdict names, and how much of the time it says of them. */
#include "pause_events.h"
#include "pauses.h"

/* 102 stands @late after the request. */
static const char *sentence(uint64_t late)
{
	static const struct pauses_opts opts;
	static char buf[640];

	p_stopped(T + late, 102, 18);
	rt(T + late, 101, TARE_RT_STW_STOPPED);
	rt(T + late, 101, TARE_RT_STW_RESTART);
	rt(T + late, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	return pause_sentence(m, only_pause(), &opts, buf);
}

/* Line @line of what is at @ip. */
static void told_line(uint64_t ip, const char *name, uint32_t line)
{
	struct tare_symbol head = { .pid = TGID, .ip = ip, .line = line, .name_len = strlen(name), .file_len = 6 };
	struct event ev = { .kind = EVENT_SYMBOL, .symbol = { .head = &head, .name = name, .file = "/go/ab" } };

	fold(&ev);
}

static void how_two_lines(void)
{
	told_line(0x500000, "main.copies", 18);
	told_line(0x500008, "main.copies", 18);
	told_line(0x500020, "main.copies", 19);
	told_line(0x600000, "main.other", 30);
	sample(T, 102, 0, TARE_NO_SYSCALL, 0x600000);
	sample(T + 2 * MS, 102, 0, TARE_NO_SYSCALL, 0x600000);
	for (uint64_t at = 3 * MS; at < 10 * MS; at += 2 * MS) {
		sample(T + at, 102, 0, TARE_NO_SYSCALL, 0x500000);
		sample(T + at + MS, 102, 0, TARE_NO_SYSCALL, 0x500008);
	}
}

/* A function gets no more of the time than was seen of it; its line where most of that was there. */
static void test_line(void **state)
{
	request();
	how_two_lines();
	assert_string_equal(sentence(10 * MS),
			    "the kernel was not the cause: for 10.0 ms of 10.0 ms, thread 102 (goroutine 18) ran on in "
			    "main.copies (ab:18) for 7.50 ms of that, without reaching a safepoint");
}

static void how_many_lines(void)
{
	told_line(0x500000, "main.copies", 18);
	told_line(0x500020, "main.copies", 19);
	told_line(0x500030, "main.copies", 20);
	for (uint64_t at = 0; at <= 9 * MS; at += MS)
		sample(T + at, 102, 0, TARE_NO_SYSCALL, 0x500010 + at / MS % 3 * 16);
	told_line(0x500010, "main.copies", 18);
}

static void test_no_line(void **state)
{
	request();
	how_many_lines();
	assert_non_null(strstr(sentence(10 * MS), "ran on in main.copies, without"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line, setup_two, teardown),
		cmocka_unit_test_setup_teardown(test_no_line, setup_two, teardown),
	};

	return cmocka_run_group_tests_name("pause_line", tests, NULL, NULL);
}
