// SPDX-License-Identifier: BSD-2-Clause
/* What exports have in common, seen in the text of perf-script: order, the chain on each CPU, names, errors. */
#include <regex.h>

#include "export_sink.h"

static void script_is_in_order_and_complete(void **unused)
{
	struct sink s;

	start(&s, &exporter_perf_script);
	snapshot(&s, 1000, 100, "main", 0);
	snapshot(&s, 1000, 101, "my worker", -1);
	feed(&s, (struct event){ .kind = EVENT_NAME, .name = { 300, 299, "stranger" } });
	feed(&s, switch_of(5000000, 0, 100, TARE_STATE_INTERRUPTIBLE, true, 300));
	feed(&s, switch_of(6000000, 0, 300, 0, false, 0)); /* no target in it */
	feed(&s, woken(switch_of(9000000, 1, 0, 0, false, 101), 2000000, 1000, 300, 0));
	feed(&s, switch_of(9500999, 1, 101, TARE_STATE_RUNNING, false, 300));
	finish(&s);
	assert_string_equal(
		s.data,
		"         swapper     0 [000]     0.000001:       sched:sched_switch: prev_comm=swapper/0 prev_pid=0 "
		"prev_prio=120 prev_state=R ==> next_comm=main next_pid=100 next_prio=120\n"
		"            main   100 [000]     0.005000: sched:sched_stat_runtime: comm=main pid=100 "
		"runtime=4999000 vruntime=0\n"
		"            main   100 [000]     0.005000:       sched:sched_switch: prev_comm=main prev_pid=100 "
		"prev_prio=120 prev_state=S ==> next_comm=swapper/0 next_pid=0 next_prio=120\n"
		"        stranger   300 [000]     0.007000:       sched:sched_waking: comm=my worker pid=101 "
		"prio=120 target_cpu=001\n"
		"        stranger   300 [000]     0.007000:       sched:sched_wakeup: comm=my worker pid=101 "
		"prio=120 target_cpu=001\n"
		"         swapper     0 [001]     0.009000:       sched:sched_switch: prev_comm=swapper/1 prev_pid=0 "
		"prev_prio=120 prev_state=R ==> next_comm=my worker next_pid=101 next_prio=120\n"
		"       my worker   101 [001]     0.009500: sched:sched_stat_runtime: comm=my worker pid=101 "
		"runtime=500999 vruntime=0\n"
		"       my worker   101 [001]     0.009500:       sched:sched_switch: prev_comm=my worker "
		"prev_pid=101 prev_prio=120 prev_state=R+ ==> next_comm=stranger next_pid=300 next_prio=120\n");
	free(s.data);
}

static void states_are_the_tracepoints(void **unused)
{
	static const struct {
		int state;
		bool voluntary;
		const char *want;
	} cases[] = {
		{ TARE_STATE_RUNNING, false, "R+" },	 { TARE_STATE_RUNNING, true, "R" },
		{ TARE_STATE_INTERRUPTIBLE, true, "S" }, { TARE_STATE_UNINTERRUPTIBLE, true, "D" },
		{ TARE_STATE_STOPPED, true, "T" },	 { TARE_STATE_TRACED, true, "t" },
		{ TARE_STATE_DEAD, true, "X" },		 { TARE_STATE_ZOMBIE, true, "Z" },
		{ TARE_STATE_PARKED, true, "P" },	 { TARE_STATE_IDLE, true, "I" },
		{ TARE_STATE_THROTTLED, false, "R+" },	 { 15, true, "D" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char want[32];
		struct sink s;

		start(&s, &exporter_perf_script);
		feed(&s, switch_of(1000, 0, 100, cases[i].state, cases[i].voluntary, 0));
		finish(&s);
		snprintf(want, sizeof(want), "prev_state=%s ==>", cases[i].want);
		assert_non_null(strstr(s.data, want));
		free(s.data);
	}
}

/* Frozen is D as the tracepoint shows TASK_FROZEN, but for who was frozen in an ordinary sleep. */
static void who_is_frozen_asleep_is_shown_so(void **unused)
{
	static const struct {
		int flags;
		const char *want;
	} cases[] = {
		{ TARE_STATE_FROZEN | TARE_STOP_SLEEPERS, "D" },
		{ TARE_STATE_FROZEN, "D" },
		{ TARE_STATE_FROZEN | TARE_STOP_INTERRUPTIBLE, "S" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct event stop = { .kind = EVENT_STOP, .ts_ns = 900, .stop = { .tid = 100, .tgid = 100 } };
		char want[32];
		struct sink s;

		start(&s, &exporter_perf_script);
		stop.stop.state = cases[i].flags & TARE_STOP_STATE;
		stop.stop.interruptible = cases[i].flags & TARE_STOP_INTERRUPTIBLE;
		feed(&s, stop);
		feed(&s, switch_of(1000, 0, 100, TARE_STATE_FROZEN, true, 0));
		/* the next one is no freeze */
		feed(&s, switch_of(2000, 0, 0, TARE_STATE_RUNNING, true, 100));
		feed(&s, switch_of(3000, 0, 100, TARE_STATE_UNINTERRUPTIBLE, true, 0));
		finish(&s);
		snprintf(want, sizeof(want), "prev_state=%s ==>", cases[i].want);
		assert_non_null(strstr(s.data, want));
		assert_non_null(strstr(strstr(s.data, "0.000003"), "prev_state=D ==>"));
		free(s.data);
	}
}

/* As importers take lines apart: a lazy name, then the first number is the pid. */
static void script_bears_any_name(void **unused)
{
	static const char *const names[] = {
		"",
		" ",
		"   ",
		"a",
		"1",
		"12 34",
		"x 12",
		"x 12/13 y",
		"x [000] y",
		"\xff\xfe",
		"a\nb",
		"x ",
		" x",
		"a\tb",
		"1.000000: x",
		"\xc3\xa9t\xc3\xa9",
		"sixteen bytes!!!",
	};
	static const char whole[] = "^ *[^ ]( ?[^ ])* +101 \\[002\\] +0\\.000002: +sched:[^ ]+: [^\n]*\n$";
	regex_t line, pid;

	assert_int_equal(regcomp(&line, whole, REG_EXTENDED), 0);
	assert_int_equal(regcomp(&pid, "[^ ] +[0-9]+/*[0-9]* ", REG_EXTENDED), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		regmatch_t m;
		struct sink s;

		start(&s, &exporter_perf_script);
		snapshot(&s, 1000, 101, names[i], -1);
		feed(&s, switch_of(2000, 2, 101, TARE_STATE_INTERRUPTIBLE, true, 0));
		finish(&s);
		assert_int_equal(regexec(&line, s.data, 1, &m, 0), 0);
		assert_int_equal(regexec(&pid, s.data, 1, &m, 0), 0);
		assert_memory_equal(s.data + m.rm_eo - 5, " 101 ", 5);
		free(s.data);
	}
	regfree(&line);
	regfree(&pid);
}

static unsigned count(const char *in, const char *what)
{
	size_t left = strlen(in), len = strlen(what);
	unsigned n = 0;

	/* not by strstr(), which under ASan measures all of what is left each time */
	for (const char *end = in + left; (in = memmem(in, end - in, what, len)); in++)
		n++;
	return n;
}

/* 100 ran when it was first looked at; what 101 did before that is not the recording's subject. */
static void counts_from_the_first_snapshot_on(void **unused)
{
	struct sink s;

	start(&s, &exporter_perf_script);
	snapshot(&s, 3000000, 100, "main", 0);
	snapshot(&s, 3000000, 101, "worker", -1);
	feed(&s, switch_of(1000000, 1, 0, 0, false, 101));
	feed(&s, switch_of(2000000, 1, 101, TARE_STATE_INTERRUPTIBLE, true, 0));
	feed(&s, switch_of(4000000, 0, 100, TARE_STATE_INTERRUPTIBLE, true, 101));
	finish(&s);
	assert_int_equal(count(s.data, "sched_switch: "), 2);
	assert_non_null(strstr(s.data, " 0.003000:       sched:sched_switch: prev_comm=swapper/0 prev_pid=0 "));
	assert_non_null(strstr(s.data, "prev_comm=main prev_pid=100 prev_prio=120 prev_state=S ==> next_comm=worker "));
	free(s.data);
}

static void a_broken_chain_is_mended(void **unused)
{
	struct sink s;

	start(&s, &exporter_perf_script);
	feed(&s, switch_of(1000000, 0, 0, 0, false, 100));
	/* 100's leaving CPU 0 was lost, and so was 101's coming */
	feed(&s, switch_of(2000000, 1, 0, 0, false, 100));
	feed(&s, switch_of(3000000, 0, 101, TARE_STATE_INTERRUPTIBLE, true, 0));
	/* 100's leaving CPU 1 too */
	feed(&s, switch_of(4000000, 1, 300, 0, false, 301));
	finish(&s);
	assert_non_null(strstr(s.data, "[000]     0.002000:       sched:sched_switch: prev_comm=:100 prev_pid=100 "));
	assert_non_null(strstr(s.data, "prev_state=R ==> next_comm=:101 next_pid=101"));
	assert_non_null(strstr(s.data, "[001]     0.004000:       sched:sched_switch: prev_comm=:100 prev_pid=100 "));
	assert_int_equal(count(s.data, "sched_switch: "), 6);
	free(s.data);
}

/* A thread that is not the first calls exec and goes on as the first: no loss, one switch from tid to tid. */
static void exec_hands_over_the_tid(void **unused)
{
	for (int late = 0; late < 2; late++) {
		struct sink s;

		start(&s, &exporter_perf_script);
		snapshot(&s, 1000, 100, "main", -1);
		snapshot(&s, 1000, 101, "worker", -1);
		feed(&s, switch_of(1000000, 0, 0, 0, false, 101));
		if (!late)
			feed(&s, (struct event){ .kind = EVENT_EXEC, .ts_ns = 2000000, .exec = { 100, 101, "new" } });
		feed(&s, switch_of(3000000, 0, 100, TARE_STATE_INTERRUPTIBLE, true, 0));
		finish(&s);
		assert_int_equal(count(s.data, "sched_switch: "), 3);
		assert_non_null(strstr(s.data, "prev_pid=101 prev_prio=120 prev_state=X ==> next_comm="));
		assert_non_null(strstr(s.data, late ? "next_comm=main next_pid=100" : "next_comm=new next_pid=100"));
		free(s.data);
	}
}

/* Waits longer than the window holds, or than time itself. */
static void the_window_is_bounded(void **unused)
{
	uint64_t ts_ns = 0, before, sec, us;
	unsigned out_of_order = 0;
	struct sink s;
	char *line;

	start(&s, &exporter_perf_script);
	for (int i = 0; i < 100000; i++)
		feed(&s, switch_of(ts_ns += 1000, 0, i & 1 ? 100 : 0, 1, true, i & 1 ? 0 : 100));
	feed(&s, woken(switch_of(ts_ns, 1, 0, 0, false, 101), ts_ns - 1000, 0, 300, 0));
	feed(&s, woken(switch_of(ts_ns, 2, 0, 0, false, 102), UINT64_MAX, UINT64_MAX, 0, 2));
	feed(&s, woken(switch_of(ts_ns, 3, 0, 0, false, 103), 50000, 0, 300, 0));
	finish(&s);
	assert_int_equal(count(s.data, "sched_switch: ") + count(s.data, "sched_waking: "), 100006);
	before = 0;
	for (line = s.data; *line; line = strchr(line, '\n') + 1) {
		/* not by sscanf(), which measures all of what is left each time */
		sec = strtoul(strchr(line, ']') + 2, &line, 10);
		assert_int_equal(*line, '.');
		us = strtoul(line + 1, &line, 10);
		assert_int_equal(*line, ':');
		out_of_order += sec * 1000000 + us < before;
		before = sec * 1000000 + us;
	}
	assert_int_equal(out_of_order, 2); /* two waited too long, the third did not */
	assert_non_null(strstr(s.data, " 0.000000:       sched:sched_waking: comm=:102 "));
	free(s.data);
}

/* By every format that there is. */
static void a_full_disk_is_reported(void **unused)
{
#define LIST(name) &exporter_##name,
	const struct exporter *const formats[] = { EXPORTERS(LIST) };
#undef LIST

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct sink s = { .format = formats[i], .to = fopen("/dev/full", "w") };
		uint64_t ts_ns = 0;
		struct event sample = { .kind = EVENT_SAMPLE, .sample = { .tid = 100, .tgid = 100 } };
		int ret = 0;

		assert_non_null(s.to);
		begin_export(&s);
		assert_int_equal(s.format->event(s.state, &sample), 0);
		for (int n = 0; n < 200000 && !ret; n++) {
			struct event ev = switch_of(ts_ns += 1000, 0, n & 1 ? 100 : 0, 1, true, n & 1 ? 0 : 100);

			ret = s.format->event(s.state, &ev);
		}
		/* those that sum up write at the end, and it may be little */
		ret = s.format->end(s.state) ?: ret;
		if (!ret && fflush(s.to))
			ret = -errno;
		assert_int_equal(ret, -ENOSPC);
		model__free(s.whole);
		fclose(s.to);
	}
}

/* Each process has its own runtime's names; a number without one stays a number. */
static void names_of_numbers(void **unused)
{
	static const struct {
		uint32_t pid;
		const char *text;
	} told[] = { { 4, "GC \"mark\"" }, { 7, "other" } };
	struct sink s;
	struct event ev = { .kind = EVENT_RUNTIME, .runtime = { TARE_RT_STW_REQUEST, 2, 5, 4, 77, { 1, 1 } } };

	start(&s, &exporter_json_lines);
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		struct tare_number_name head = {
			.pid = told[i].pid, .kind = TARE_NAME_STOP_REASON, .number = 1, .text_len = strlen(told[i].text)
		};

		feed(&s, (struct event){ .kind = EVENT_NUMBER_NAME, .number_name = { &head, told[i].text } });
	}
	feed(&s, ev);
	ev.runtime.tgid = 7;
	feed(&s, ev);
	ev.runtime.args[0] = 2;
	feed(&s, ev);
	finish(&s);
	assert_non_null(strstr(
		s.data, "\"tgid\":4,\"goroutine\":77,\"reason\":1,\"ps\":1,\"reason_name\":\"GC \\\"mark\\\"\"}"));
	assert_non_null(strstr(s.data, "\"tgid\":7,\"goroutine\":77,\"reason\":1,\"ps\":1,\"reason_name\":\"other\"}"));
	assert_non_null(strstr(s.data, "\"tgid\":7,\"goroutine\":77,\"reason\":2,\"ps\":1}"));
	free(s.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_numbers),	      cmocka_unit_test(script_is_in_order_and_complete),
		cmocka_unit_test(states_are_the_tracepoints), cmocka_unit_test(who_is_frozen_asleep_is_shown_so),
		cmocka_unit_test(script_bears_any_name),      cmocka_unit_test(counts_from_the_first_snapshot_on),
		cmocka_unit_test(a_broken_chain_is_mended),   cmocka_unit_test(exec_hands_over_the_tid),
		cmocka_unit_test(the_window_is_bounded),      cmocka_unit_test(a_full_disk_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
