// SPDX-License-Identifier: BSD-2-Clause
/* Each kind of event as a line of JSON: parsed again, its keys and values; texts and numbers that are anything. */
#include <jansson.h>

#include "event_names.h"
#include "export_sink.h"
#include "json_schema.h"

/* The one line that @ev gives. */
static json_t *line_of(struct event ev)
{
	struct sink s = { .format = &exporter_json_lines };
	json_error_t e;
	json_t *line;

	s.to = open_memstream(&s.data, &s.len);
	assert_non_null(s.to);
	assert_int_equal(s.format->begin(s.to, &(struct export_opts){ 0 }, &s.state), 0);
	feed(&s, ev);
	finish(&s);
	assert_true(s.len && strchr(s.data, '\n') == s.data + s.len - 1);
	/* numbers have 64 bits without a sign: more than the parser's integers hold */
	line = json_loads(s.data, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &e);
	if (!line)
		fail_msg("%s in %s", e.text, s.data);
	free(s.data);
	assert_line_fits(line);
	assert_true(json_number_value(json_object_get(line, "ts_ns")) == (double)ev.ts_ns);
	assert_true(json_number_value(json_object_get(line, "cpu")) == ev.cpu);
	return line;
}

/* @want: the event's name and then all its keys but those that stand in each, in any order: "irq tid ns softirq". */
static json_t *keys(json_t *line, const char *want)
{
	const char *key, *event = json_string_value(json_object_get(line, "event"));
	size_t nr = 3, len = strcspn(want, " ");
	char word[64];
	json_t *value;

	assert_non_null(event);
	if (strlen(event) != len || memcmp(event, want, len))
		fail_msg("event is %s, not %s", event, want);
	for (const char *p = want + len; *p; p += len, nr++) {
		p += strspn(p, " ");
		len = strcspn(p, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, p);
		if (!json_object_get(line, word))
			fail_msg("%s lacks %s", event, word);
	}
	if (json_object_size(line) != nr) {
		json_object_foreach(line, key, value) print_message("%s\n", key);
		fail_msg("%s has %zu keys, not %zu", event, json_object_size(line), nr);
	}
	return line;
}

static double number(json_t *line, const char *key)
{
	json_t *n = json_object_get(line, key);

	if (!json_is_number(n))
		fail_msg("%s is no number", key);
	return json_number_value(n);
}

static void text_is(json_t *line, const char *key, const char *want)
{
	const char *have = json_string_value(json_object_get(line, key));

	if (!have || strcmp(have, want))
		fail_msg("%s is \"%s\", not \"%s\"", key, have ?: "(none)", want);
}

#define LINE(...) line_of((struct event){ .ts_ns = 123456789012345, .cpu = 3, __VA_ARGS__ })

/* ---- the scheduler ---- */

static void switches(void **unused)
{
	json_t *l;

	l = keys(LINE(.kind = EVENT_SWITCH, .sw = { .prev_tid = 1, .next_tid = 2, .stolen_ns = -5 }),
		 "switch prev_tid next_tid");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_SWITCH, .sw = { .prev_tid = 1,
						    .next_tid = 2,
						    .prev_target = true,
						    .next_target = true,
						    .voluntary = true,
						    .state = TARE_STATE_PARKED,
						    .syscall = 202,
						    .stolen_ns = -5,
						    .has_wait = true,
						    .wait_ns = 9,
						    .throttled_ns = 4,
						    .has_wake = true,
						    .waker_tid = 7,
						    .waker_cpu = 6,
						    .waker_context = 1,
						    .wake_delay_ns = 11,
						    .last_cost_ns = 12 }),
		 "switch prev_tid next_tid voluntary prev_state syscall stolen_ns wait_ns throttled_ns waker_tid "
		 "waker_cpu waker_context wake_delay_ns last_cost_ns");
	assert_true(number(l, "stolen_ns") == -5 && number(l, "syscall") == 202 && number(l, "wait_ns") == 9);
	assert_true(json_is_true(json_object_get(l, "voluntary")));
	json_decref(l);
	l = keys(LINE(.kind = EVENT_SWITCH, .sw = { .prev_target = true, .syscall = TARE_NO_SYSCALL }),
		 "switch prev_tid next_tid voluntary prev_state stolen_ns");
	json_decref(l);
}

static void threads(void **unused)
{
	struct tare_task task = { .tid = 5,
				  .tgid = 4,
				  .phase = 1,
				  .on_cpu = 1,
				  .nvcsw = 6,
				  .nivcsw = 7,
				  .exec_ns = 8,
				  .run_delay_ns = TARE_UNKNOWN,
				  .minor_faults = TARE_UNKNOWN,
				  .major_faults = 3,
				  .comm = "sixteen bytes!!!" };
	json_t *l = keys(LINE(.kind = EVENT_TASK, .task = &task),
			 "task tid tgid start_ns phase state on_cpu voluntary involuntary exec_ns major_faults comm");

	text_is(l, "comm", "sixteen bytes!!!");
	json_decref(l);
	task.run_delay_ns = 9;
	task.signal = 19;
	strcpy(task.cgroup, "one");
	l = keys(
		LINE(.kind = EVENT_TASK, .task = &task),
		"task tid tgid start_ns phase state on_cpu voluntary involuntary exec_ns run_delay_ns major_faults signal "
		"cgroup comm");
	assert_true(number(l, "signal") == 19);
	text_is(l, "cgroup", "one");
	assert_true(number(l, "run_delay_ns") == 9);
	json_decref(l);
	l = keys(LINE(.kind = EVENT_NAME, .name = { 5, 4, "a" }), "name tid tgid comm");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_RENAME, .name = { 5, 4, "a" }), "rename tid tgid comm");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_FORK, .fork = { 5, 4, 3, 2, "a" }), "fork tid tgid parent_tid parent_tgid comm");
	assert_true(number(l, "parent_tid") == 3 && number(l, "parent_tgid") == 2);
	json_decref(l);
	l = keys(LINE(.kind = EVENT_EXEC, .exec = { 5, 6, "new" }), "exec tid old_tid comm");
	assert_true(number(l, "tid") == 5 && number(l, "old_tid") == 6);
	json_decref(l);
	l = keys(LINE(.kind = EVENT_EXIT, .exit = { .tid = 5, .exit_code = 256, .run_delay_ns = 1 }),
		 "exit tid tgid exit_code voluntary involuntary exec_ns run_delay_ns minor_faults major_faults");
	assert_true(number(l, "exit_code") == 256);
	json_decref(l);
	l = keys(LINE(.kind = EVENT_OOM_KILL, .oom_kill = { 5, 4, 256, "db" }), "oom_kill tid tgid limit_pages cgroup");
	text_is(l, "cgroup", "db");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_FAULT_SAMPLE,
		      .fault_sample = { .tid = 5, .owner = TARE_FAULT_FILE, .name = "a.so" }),
		 "fault_sample tid tgid major period pages owner file address ip");
	text_is(l, "owner", "file");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_ALLOC_SAMPLE, .alloc_sample = { .tid = 5, .bytes = 64 }),
		 "alloc_sample tid tgid burst runtime block bytes stands_for_q16");
	assert_true(number(l, "bytes") == 64);
	json_decref(l);
	l = keys(
		LINE(.kind = EVENT_ALLOC_BURST, .alloc_burst = { .number = 5, .cpu = 1 }),
		"alloc_burst burst of_cpu begin_ns covered_ns exposed_ns allocations bytes told_allocations told_bytes spent_ns");
	assert_true(number(l, "of_cpu") == 1);
	json_decref(l);
	l = keys(LINE(.kind = EVENT_MEMORY_CALLS, .memory_calls = { .pid = 5, .call = TARE_CALL_BRK }),
		 "memory_calls pid call begin_ns covered_ns seen_ns count failed ns max_ns bytes");
	assert_string_equal(json_string_value(json_object_get(l, "call")), "brk");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_FAULT_SAMPLE, .fault_sample = { .tid = 5, .owner = 999 }),
		 "fault_sample tid tgid major period pages owner address ip");
	text_is(l, "owner", "unknown");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_RECLAIM, .reclaim = { .tid = 5, .ns = 7 }), "reclaim tid tgid by_cgroup ns pages");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_RECLAIM, .reclaim = { .tid = 5, .limit_pages = 7, .cgroup = "db" }),
		 "reclaim tid tgid by_cgroup ns pages limit_pages cgroup");
	text_is(l, "cgroup", "db");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_OOM_KILL, .oom_kill = { .tid = 5 }), "oom_kill tid tgid");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_MIGRATE, .migrate = { 5, 1, 2 }), "migrate tid from_cpu to_cpu");
	assert_true(number(l, "from_cpu") == 1 && number(l, "to_cpu") == 2);
	json_decref(l);
}

/* ---- the runtime, and evidence ---- */

static void runtime_events(void **unused)
{
	for (unsigned e = 0; e <= TARE_NR_RT_EVENTS; e++) {
		struct event ev = { .kind = EVENT_RUNTIME,
				    .runtime = { e, TARE_RT_MAX_ARGS, 5, 4, 77, { 100, 101, 102, 103, 104 } } };
		const char *name = runtime_event_name(e);
		char expect[16], key[32];
		json_t *l;

		l = line_of(ev);
		snprintf(expect, sizeof(expect), "%u", e);
		text_is(l, "what", name ?: expect);
		assert_int_equal(json_object_size(l), 7 + TARE_RT_MAX_ARGS);
		assert_true(number(l, "goroutine") == 77 && number(l, "tid") == 5 && number(l, "tgid") == 4);
		for (unsigned i = 0; i < TARE_RT_MAX_ARGS; i++) {
			snprintf(key, sizeof(key), "arg%u", i);
			assert_true(number(l, runtime_arg_name(e, i) ?: key) == 100 + i);
		}
		json_decref(l);
	}
	/* what is not known, or was not told, is not there */
	json_decref(keys(LINE(.kind = EVENT_RUNTIME,
			      .runtime = { TARE_RT_GC_START, 2, 0, 0, TARE_UNKNOWN, { 3, TARE_UNKNOWN, 5 } }),
			 "runtime what tid tgid cycle"));
}

static void evidence(void **unused)
{
	json_t *l = keys(LINE(.kind = EVENT_GOROUTINE, .goroutine = { .p = -1, .status = 2 }),
			 "goroutine tid goroutine status wait_reason");

	assert_true(number(l, "status") == 2);
	json_decref(l);
	l = keys(LINE(.kind = EVENT_GOROUTINE, .goroutine = { .p = 0 }),
		 "goroutine tid goroutine status wait_reason p");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_SIGNAL, .signal = { .step = TARE_SIGNAL_SENT, .tid = 5, .other = 6 }),
		 "signal what tid tgid from_tid");
	text_is(l, "what", "sent");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_SIGNAL, .signal = { .step = TARE_SIGNAL_DELIVERED, .tid = 5, .ip = 0x401000 }),
		 "signal what tid tgid ip");
	text_is(l, "what", "delivered");
	text_is(l, "ip", "0x401000");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_SIGNAL, .signal = { .step = TARE_SIGNAL_DELIVERED, .call = 1 }),
		 "signal what tid tgid ip syscall");
	assert_true(number(l, "syscall") == 0);
	json_decref(l);
	json_decref(keys(LINE(.kind = EVENT_SIGNAL, .signal = { .step = TARE_SIGNAL_SENT, .masked = 1 }),
			 "signal what tid tgid from_tid masked"));
	l = LINE(.kind = EVENT_SIGNAL, .signal = { .step = 65535 });
	text_is(l, "what", "65535");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_FAULT, .fault = { .write = true, .address = UINT64_MAX }),
		 "fault tid tgid address ip write");
	text_is(l, "address", "0xffffffffffffffff");
	assert_true(json_is_true(json_object_get(l, "write")));
	json_decref(l);
	l = keys(LINE(.kind = EVENT_FAULT_END, .fault_end = { .address = 4096, .ns = 7 }),
		 "fault_end tid tgid address ns");
	assert_true(number(l, "ns") == 7);
	json_decref(l);
	l = keys(LINE(.kind = EVENT_SAMPLE, .sample = { .syscall = 1, .ip = 16 }), "sample tid tgid ip kernel syscall");
	assert_true(json_is_false(json_object_get(l, "kernel")));
	json_decref(l);
	l = keys(LINE(.kind = EVENT_SAMPLE, .sample = { .syscall = TARE_NO_SYSCALL, .kernel = true }),
		 "sample tid tgid ip kernel");
	json_decref(l);
	json_decref(keys(LINE(.kind = EVENT_IRQ, .irq = { .number = TARE_IRQ_HARD, .ns = 5 }), "irq tid ns"));
	l = keys(LINE(.kind = EVENT_IRQ, .irq = { .number = 3, .ns = 5 }), "irq tid ns softirq");
	assert_true(number(l, "softirq") == 3 && number(l, "ns") == 5);
	json_decref(l);
}

static void what_runtimes_count(void **unused)
{
	static const char all[] =
		"counters pid final goroutine_switches goroutines_created alloc_bytes "
		"alloc_objects freed_bytes freed_objects collections pauses pause_ns heap_bytes "
		"goal_bytes syscalls preempts assist_ns "
		"marked_bytes stack_scan_bytes globals_scan_bytes mapped_bytes free_bytes "
		"returned_bytes span_bytes stack_bytes own_bytes "
		"cpu_told_gc_assist_ns cpu_told_gc_dedicated_ns cpu_told_gc_idle_ns cpu_told_gc_pause_ns "
		"cpu_told_gc_total_ns cpu_told_scavenge_assist_ns cpu_told_scavenge_background_ns "
		"cpu_told_scavenge_total_ns cpu_told_idle_ns cpu_told_user_ns cpu_told_total_ns "
		"cpu_gc_assist_ns cpu_gc_dedicated_ns cpu_gc_idle_ns cpu_gc_pause_ns cpu_gc_total_ns "
		"cpu_scavenge_assist_ns cpu_scavenge_background_ns cpu_scavenge_total_ns cpu_idle_ns "
		"cpu_user_ns cpu_total_ns gc_percent limit_bytes";
	struct event ev = { .kind = EVENT_COUNTERS };
	uint64_t n = 1000;
	static const struct tare_delays delays = { 5, 8, 2, 0, { { 0, 3 }, { 64, ~0ull } } };
	json_t *l, *list;

	memset(&ev.counters, 0xff, sizeof(ev.counters));
	ev.counters.pid = 5;
	ev.counters.final = 1;
	json_decref(keys(line_of(ev), "counters pid final"));
	/* by the place in the struct: none is forgotten, none mistaken */
	for (size_t at = offsetof(struct tare_counters, goroutine_switches); at < sizeof(ev.counters); at += 8, n++)

		memcpy((char *)&ev.counters + at, &n, 8);
	l = keys(line_of(ev), all);
	assert_true(number(l, "goroutine_switches") == 1000 && number(l, "alloc_bytes") == 1002);
	assert_true(number(l, "pause_ns") == 1008 && number(l, "assist_ns") == 1013);
	assert_true(number(l, "cpu_told_gc_assist_ns") == 1014 && number(l, "cpu_total_ns") == 1035);
	assert_true(number(l, "marked_bytes") == 1036 && number(l, "free_bytes") == 1042);
	assert_true(number(l, "returned_bytes") == 1043 && number(l, "own_bytes") == 1046);
	json_decref(l);
	ev.counters.limit_bytes = TARE_NONE;
	l = line_of(ev);
	assert_true(number(l, "gc_percent") == 1039 && json_is_null(json_object_get(l, "limit_bytes")));
	json_decref(l);
	l = keys(LINE(.kind = EVENT_DELAYS, .delays = &delays), "delays pid one_in buckets");
	list = json_object_get(l, "buckets");
	assert_int_equal(json_array_size(list), 2);
	assert_true(json_number_value(json_array_get(json_array_get(list, 1), 0)) == 64);
	json_decref(l);
}

static void resident_bytes(void **unused)
{
	struct event ev = { .kind = EVENT_BYTES, .bytes = { .pid = 5, .rss = 1000, .rss_max = 2000, .swapped = 3 } };
	json_t *l;

	ev.bytes.classes[TARE_BYTES_HEAP_LIVE] = 600;
	ev.bytes.classes[TARE_BYTES_KERNEL] = 500;
	l = keys(line_of(ev), "bytes pid rss_bytes rss_max_bytes swapped_bytes cost_ns heap_live_bytes heap_new_bytes "
			      "heap_dead_bytes heap_unused_bytes heap_free_bytes green_stacks_bytes runtime_bytes "
			      "malloc_bytes stacks_bytes code_bytes files_bytes shared_bytes anonymous_bytes "
			      "kernel_bytes unexplained_bytes");
	assert_true(number(l, "heap_live_bytes") == 600 && number(l, "kernel_bytes") == 500);
	assert_true(number(l, "unexplained_bytes") == -100 && number(l, "rss_max_bytes") == 2000);
	json_decref(l);
}

static void heaps(void **unused)
{
	struct tare_heap_stack stacks[2] = { { .stack = 7, .size_bytes = 8, .allocs = 3, .alloc_bytes = 24 }, { 0 } };
	struct tare_heap head = {
		.pid = 5, .elem_size = sizeof(stacks[0]), .nr = 2, .total = 2, .flags = TARE_HEAP_BEGIN
	};
	struct event ev = { .kind = EVENT_HEAP, .heap = { &head, stacks } };
	json_t *l = keys(line_of(ev),
			 "heap pid begin before_first_collection rate_bytes collections cost_ns torn_stacks "
			 "first of stacks"),
	       *list = json_object_get(l, "stacks");

	assert_int_equal(json_array_size(list), 2);
	assert_true(number(json_array_get(list, 0), "stack") == 7 &&
		    number(json_array_get(list, 0), "alloc_bytes") == 24);
	assert_true(json_is_true(json_object_get(l, "begin")));
	json_decref(l);
}

/* ---- what describes ---- */

static void descriptions(void **unused)
{
	struct tare_header h = { .version = 1, .arch = TARE_ARCH_ARM64, .nr_cpus = 8, .real_ns = 7 };
	struct tare_process p = { .pid = 5, .ppid = 4, .cmdline_len = 8, .exe_len = 3 };
	struct tare_module m = { .pid = 5, .path_len = 4, .build_id_len = 3, .build_id = { 0xca, 0xfe, 1 } };
	struct tare_symbol s = { .pid = 5, .ip = 0x1234, .line = 42, .name_len = 4, .file_len = 3 };
	struct tare_number_name n = { .pid = 4, .kind = TARE_NAME_GC_PHASE, .number = 1, .text_len = 4 };
	struct tare_page page = { .pid = 4, .address = 0x1000, .name_len = 4 };
	struct tare_quota quota = { .pid = 4, .quota_ns = 20, .period_ns = 100, .path_len = 4 };
	struct tare_loss loss = { TARE_LOST_DISK, 2, 77 };
	struct tare_probe probe = { "sched_switch", 1, 2, 3, -4 };
	struct tare_end end = { .reason = TARE_END_TRIGGER, .wait_status = -1 };
	static const struct {
		uint32_t flags;
		const char *keys, *cost, *where;
	} costs[] = {
		{ TARE_COST_GC_MARK << TARE_SYMBOL_COST_SHIFT | TARE_SYMBOL_FRAME, "symbol pid ip name file line cost",
		  "gc_mark", NULL },
		{ TARE_COST_ALLOC_ZERO << TARE_SYMBOL_COST_SHIFT | TARE_SYMBOL_COST_WITHIN,
		  "symbol pid ip name file line cost cost_where", "alloc_zero", "within" },
		{ TARE_COST_PROBES << TARE_SYMBOL_COST_SHIFT | TARE_SYMBOL_COST_ALWAYS,
		  "symbol pid ip name file line cost cost_where", "probes", "always" },
		/* of a newer tare's */
		{ 0xff << TARE_SYMBOL_COST_SHIFT | TARE_SYMBOL_COST_ALWAYS, "symbol pid ip name file line", NULL,
		  NULL },
	};
	json_t *l, *argv;

	l = keys(LINE(.kind = EVENT_HEADER, .header = &h), "header version arch cpus mono_ns boot_ns real_ns");
	text_is(l, "arch", "arm64");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_PROCESS, .process = { &p, "a\0\0b \"c", "/e!" }),
		 "process pid ppid start_ns exe argv");
	text_is(l, "exe", "/e!");
	argv = json_object_get(l, "argv");
	assert_int_equal(json_array_size(argv), 3);
	assert_string_equal(json_string_value(json_array_get(argv, 1)), "");
	assert_string_equal(json_string_value(json_array_get(argv, 2)), "b \"c");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_MODULE, .module = { &m, "/libX" }), "module pid start end offset path build_id");
	text_is(l, "path", "/lib");
	text_is(l, "build_id", "cafe01");
	json_decref(l);
	m.build_id_len = 0;
	json_decref(keys(LINE(.kind = EVENT_MODULE, .module = { &m, "/lib" }), "module pid start end offset path"));
	l = keys(LINE(.kind = EVENT_SYMBOL, .symbol = { .head = &s, .name = "mainX", .file = "f.cX" }),
		 "symbol pid ip name file line");
	text_is(l, "name", "main");
	text_is(l, "file", "f.c");
	json_decref(l);
	for (size_t i = 0; i < ARRAY_SIZE(costs); i++) {
		l = keys(LINE(.kind = EVENT_SYMBOL, .symbol = { .head = &s,
								.name = "main",
								.file = "f.c",
								.more = { .flags = costs[i].flags } }),
			 costs[i].keys);
		if (costs[i].cost)
			text_is(l, "cost", costs[i].cost);
		if (costs[i].where)
			text_is(l, "cost_where", costs[i].where);
		json_decref(l);
	}
	l = keys(LINE(.kind = EVENT_NUMBER_NAME, .number_name = { &n, "markX" }), "number_name pid kind number name");
	text_is(l, "kind", "gc_phase");
	text_is(l, "name", "mark");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_PAGE, .page = { &page, "/mapX" }), "page pid address name");
	text_is(l, "name", "/map");
	json_decref(l);
	l = keys(LINE(.kind = EVENT_QUOTA, .quota = { &quota, "/podX" }), "quota pid cgroup quota_ns period_ns");
	text_is(l, "cgroup", "/pod");
	assert_true(number(l, "period_ns") == 100);
	json_decref(l);
	l = keys(LINE(.kind = EVENT_LOSS, .loss = &loss), "loss class of_cpu count");
	assert_true(number(l, "count") == 77);
	json_decref(l);
	json_decref(keys(LINE(.kind = EVENT_PROBE, .probe = &probe), "probe name hits timed_hits timed_ns entry_ns"));
	l = keys(LINE(.kind = EVENT_END, .end = &end), "end reason wait_status self_cpu_ns");
	assert_true(number(l, "wait_status") == -1);
	json_decref(l);
	json_decref(keys(LINE(.kind = EVENT_INFO, .info = { "key", "value" }), "info key value"));
	l = keys(LINE(.kind = EVENT_DAMAGE, .damage = { 5, 6, "cut short" }), "damage offset bytes what");
	text_is(l, "what", "cut short");
	json_decref(l);
}

/* ---- anything ---- */

static void texts_that_are_anything(void **unused)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
		{ "", "" },
		{ "\"", "\"" },
		{ "\\", "\\" },
		{ "\\\"\\u0000\"}", "\\\"\\u0000\"}" },
		{ "a\nb\tc\r\x1b[1m\x7f", "a?b?c??[1m?" },
		{ "\xff\xc3\x28\xed\xa0\x80\xf4\x90\x80\x80", "?"
							      "?("
							      "???"
							      "????" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "%s%n\\x", "%s%n\\x" },
	};
	json_t *l;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		l = LINE(.kind = EVENT_INFO, .info = { cases[i].value, cases[i].value });
		text_is(l, "key", cases[i].want);
		text_is(l, "value", cases[i].want);
		json_decref(l);
	}
	/* each byte there is */
	for (int c = 1; c < 256; c++) {
		const char text[2] = { c };

		json_decref(LINE(.kind = EVENT_INFO, .info = { text, text }));
	}
}

/* A long text comes whole, wherever a character of several bytes falls. */
static void long_texts(void **unused)
{
	enum { LEN = 65535 };
	char *text = malloc(LEN + 1);

	assert_non_null(text);
	for (int shift = 0; shift < 4; shift++) {
		static const char smile[] = "\xf0\x9f\x98\x80";
		struct tare_symbol s = { .pid = 5 };
		int len = shift;
		json_t *l;

		memset(text, 'x', LEN);
		for (; len + 4 <= LEN; len += 4)
			memcpy(text + len, smile, 4);
		text[len] = '\0';
		s.name_len = len;
		l = LINE(.kind = EVENT_SYMBOL, .symbol = { .head = &s, .name = text, .file = "" });
		text_is(l, "name", text);
		json_decref(l);
	}
	free(text);
}

/* Each kind with all bits set, and as reader__next() never gives it. */
static void numbers_that_are_anything(void **unused)
{
	struct tare_task task;
	struct tare_loss loss;
	struct tare_end end;
	const unsigned pointers = 1u << EVENT_HEADER | 1u << EVENT_PROBE | 1u << EVENT_INFO | 1u << EVENT_PROCESS |
				  1u << EVENT_MODULE | 1u << EVENT_SYMBOL | 1u << EVENT_DELAYS | 1u << EVENT_DAMAGE;

	memset(&task, 0xff, sizeof(task));
	memset(&loss, 0xff, sizeof(loss));
	memset(&end, 0xff, sizeof(end));
	for (int kind = 0; kind <= EVENT_DELAYS; kind++) {
		struct event ev;

		if (pointers & 1u << kind)
			continue;
		memset(&ev, 0xff, sizeof(ev));
		ev.kind = kind;
		ev.ts_ns = UINT64_MAX;
		ev.name.comm[TARE_COMM_LEN] = ev.fork.comm[TARE_COMM_LEN] = ev.exec.comm[TARE_COMM_LEN] = '\0';
		if (kind == EVENT_SWITCH)
			ev.sw = (struct event_switch){
				UINT32_MAX, UINT32_MAX, true,	   true, true,	     255,
				65535,	    true,	INT64_MIN, true, true,	     UINT64_MAX,
				UINT64_MAX, UINT32_MAX, 65535,	   255,	 UINT64_MAX, UINT64_MAX
			};
		if (kind == EVENT_RUNTIME)
			ev.runtime.nr_args = TARE_RT_MAX_ARGS;
		if (kind == EVENT_TASK)
			ev.task = &task;
		if (kind == EVENT_LOSS)
			ev.loss = &loss;
		if (kind == EVENT_END)
			ev.end = &end;
		json_decref(line_of(ev));
	}
}

/* Each kind is there, and says whether its lines are in order: records are. */
static void the_schema_has_each_kind(void **unused)
{
	json_t *defs = json_object_get(schema_of_lines(), "$defs"), *def;
	char name[80];

	for (int kind = 0; kind < NR_EVENTS; kind++) {
		snprintf(name, sizeof(name), "%s%s", event_name(kind), kind == EVENT_RUNTIME ? ".later" : "");
		def = json_object_get(defs, name);
		assert_non_null(def);
		assert_true(json_is_boolean(json_object_get(def, "x-ordered")));
	}
	assert_true(json_is_true(json_object_get(json_object_get(defs, "switch"), "x-ordered")));
	assert_true(json_is_false(json_object_get(json_object_get(defs, "symbol"), "x-ordered")));
	def = json_object_get(json_object_get(json_object_get(defs, "counters"), "properties"), "limit_bytes");
	assert_int_equal(json_array_size(json_object_get(def, "type")), 2);
	assert_int_equal(json_array_size(json_object_get(schema_of_lines(), "oneOf")), json_object_size(defs));
}

static void a_full_disk_is_reported(void **unused)
{
	struct sink s = { .format = &exporter_json_lines, .to = fopen("/dev/full", "w") };
	int ret = 0;

	assert_non_null(s.to);
	assert_int_equal(s.format->begin(s.to, &(struct export_opts){ 0 }, &s.state), 0);
	for (int n = 0; n < 10000 && !ret; n++) {
		struct event ev = { .kind = EVENT_INFO, .info = { "key", "value" } };

		ret = s.format->event(s.state, &ev);
	}
	assert_int_equal(ret, -ENOSPC);
	s.format->end(s.state);
	fclose(s.to);
	s.to = fopen("/dev/full", "w");
	assert_int_equal(s.format->schema(s.to), -ENOSPC);
	fclose(s.to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switches),
		cmocka_unit_test(threads),
		cmocka_unit_test(runtime_events),
		cmocka_unit_test(evidence),
		cmocka_unit_test(what_runtimes_count),
		cmocka_unit_test(heaps),
		cmocka_unit_test(resident_bytes),
		cmocka_unit_test(descriptions),
		cmocka_unit_test(texts_that_are_anything),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(numbers_that_are_anything),
		cmocka_unit_test(the_schema_has_each_kind),
		cmocka_unit_test(a_full_disk_is_reported),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	json_decref(schema_of_lines());
	return failed;
}
