// SPDX-License-Identifier: BSD-2-Clause
/* Preemption signals from sent to delivered; symbols by process and address; the names of a runtime's events. */
#include "event_names.h"
#include "preemption.h"
#include "records.h"
#include "symbol.h"

/* ---- preemption ---- */

static void step(struct preemption *p, uint64_t ts_ns, int what, uint32_t tid)
{
	struct event ev = { .kind = EVENT_SIGNAL, .ts_ns = ts_ns, .signal = { .step = what, .tid = tid, .other = 9 } };

	preemption__signal(p, &ev);
}

static void sent_to_delivered(void **unused)
{
	struct preemption p;

	preemption__init(&p);
	step(&p, 1000, TARE_SIGNAL_SENT, 1);
	step(&p, 1010, TARE_SIGNAL_SENT, 2);
	step(&p, 1500, TARE_SIGNAL_DELIVERED, 2);
	step(&p, 1700, TARE_SIGNAL_DELIVERED, 1);
	assert_true(p.sent == 2 && p.delivered == 2);
	assert_true(p.latency.count == 2 && p.latency.min == 490 && p.latency.max == 700);
	/* the next one begins anew */
	step(&p, 9000, TARE_SIGNAL_SENT, 1);
	step(&p, 9000, TARE_SIGNAL_DELIVERED, 1);
	assert_true(p.latency.count == 3 && p.latency.min == 0);
	assert_int_equal(p.waiting.count, 0);
	preemption__free(&p);
}

/* Sent again while one waits: one delivery, as long as the first one took. */
static void sent_twice(void **unused)
{
	struct preemption p;

	preemption__init(&p);
	step(&p, 1000, TARE_SIGNAL_SENT, 1);
	step(&p, 1400, TARE_SIGNAL_SENT, 1);
	step(&p, 1500, TARE_SIGNAL_DELIVERED, 1);
	assert_true(p.sent == 2 && p.delivered == 1);
	assert_true(p.latency.count == 1 && p.latency.total == 500);
	/* delivered again: by whom and when it was sent was not seen */
	step(&p, 1600, TARE_SIGNAL_DELIVERED, 1);
	assert_true(p.delivered == 2 && p.latency.count == 1);
	preemption__free(&p);
}

static void delivered_without_sent(void **unused)
{
	struct preemption p;

	preemption__init(&p);
	step(&p, 1000, TARE_SIGNAL_DELIVERED, 1);
	assert_true(p.sent == 0 && p.delivered == 0 && p.sent_before == 1 && p.latency.count == 0);
	/* an event that is late: no negative time */
	step(&p, 2000, TARE_SIGNAL_SENT, 1);
	step(&p, 1900, TARE_SIGNAL_DELIVERED, 1);
	assert_int_equal(p.latency.count, 0);
	/* a step that only a later version knows is neither */
	step(&p, 3000, TARE_SIGNAL_SENT, 1);
	step(&p, 3100, TARE_NR_SIGNAL_STEPS, 1);
	assert_true(p.sent == 2 && p.delivered == 1 && p.latency.count == 0);
	step(&p, 3200, TARE_SIGNAL_DELIVERED, 1);
	assert_true(p.sent == 2 && p.delivered == 2 && p.sent_before == 1);
	assert_true(p.latency.count == 1 && p.latency.total == 200);
	preemption__free(&p);
}

/* Another process's are no requests, and when one sent to the whole process is delivered, the thread's own is to come.
 */
static void others_ask_for_nothing(void **unused)
{
	struct preemption p;

	preemption__init(&p);
	step(&p, 1000, TARE_SIGNAL_SENT_OTHER, 1);
	step(&p, 1100, TARE_SIGNAL_DELIVERED_OTHER, 1);
	assert_true(p.sent == 0 && p.delivered == 0 && p.others == 1 && p.latency.count == 0);
	step(&p, 2000, TARE_SIGNAL_SENT, 1);
	step(&p, 2100, TARE_SIGNAL_SENT_OTHER, 1);
	step(&p, 2200, TARE_SIGNAL_DELIVERED_OTHER, 1);
	assert_int_equal(p.latency.count, 0);
	step(&p, 2300, TARE_SIGNAL_DELIVERED, 1);
	assert_true(p.sent == 1 && p.delivered == 1 && p.others == 2);
	assert_true(p.latency.count == 1 && p.latency.total == 300);
	preemption__free(&p);
}

/* A thread that ends takes its signal along: the next one with that number does not get it. */
static void threads_end(void **unused)
{
	struct preemption p;

	preemption__init(&p);
	step(&p, 1000, TARE_SIGNAL_SENT, 1);
	preemption__exit(&p, 1);
	preemption__exit(&p, 1);
	preemption__exit(&p, 77);
	step(&p, 5000, TARE_SIGNAL_DELIVERED, 1);
	assert_int_equal(p.latency.count, 0);
	step(&p, 6000, TARE_SIGNAL_SENT, 1);
	step(&p, 6001, TARE_SIGNAL_DELIVERED, 1);
	assert_true(p.latency.count == 1 && p.latency.max == 1);
	/* more at once than it keeps: counted all the same, and those that it has are right */
	for (uint32_t tid = 1; tid <= 70000; tid++)
		step(&p, 10000, TARE_SIGNAL_SENT, tid);
	for (uint32_t tid = 1; tid <= 70000; tid++)
		step(&p, 10300, TARE_SIGNAL_DELIVERED, tid);
	assert_true(p.sent == 70002 && p.delivered == 70001 && p.sent_before == 1);
	assert_true(p.latency.count == 65537 && p.latency.max == 300);
	preemption__free(&p);
}

/* ---- symbols ---- */

static const struct programs none = { .full_ns = UINT64_MAX };

static void add_symbol(struct model_symbols *s, uint32_t pid, uint64_t ip, const char *name, const char *file,
		       uint32_t line)
{
	struct tare_symbol head = {
		.pid = pid, .ip = ip, .line = line, .name_len = strlen(name), .file_len = strlen(file)
	};
	struct event ev = { .kind = EVENT_SYMBOL, .symbol = { .head = &head } };
	/* not terminated, and of exactly that size */
	char *n = malloc(head.name_len + 1), *f = malloc(head.file_len + 1);

	assert_true(n && f);
	ev.symbol.name = memcpy(n + 1, name, head.name_len);
	ev.symbol.file = memcpy(f + 1, file, head.file_len);
	assert_int_equal(model_symbols__event(s, &ev), 0);
	free(n);
	free(f);
}

static void symbols_by_process_and_address(void **unused)
{
	const struct model_symbol *sym;
	struct model_symbols s;

	model_symbols__init(&s, &none);
	assert_null(model_symbols__at(&s, 1, 0x1000, 0));
	add_symbol(&s, 1, 0x1000, "main.loop", "/src/main.go", 42);
	add_symbol(&s, 2, 0x1000, "other", "", 0);
	add_symbol(&s, 1, 0, "", "", 0);
	sym = model_symbols__at(&s, 1, 0x1000, 0);
	assert_non_null(sym);
	assert_string_equal(sym->name, "main.loop");
	assert_string_equal(sym->file, "/src/main.go");
	assert_int_equal(sym->line, 42);
	sym = model_symbols__at(&s, 2, 0x1000, 0);
	assert_non_null(sym);
	assert_string_equal(sym->name, "other");
	assert_string_equal(sym->file, "");
	assert_non_null(model_symbols__at(&s, 1, 0, 0));
	assert_null(model_symbols__at(&s, 1, 0x1001, 0));
	assert_null(model_symbols__at(&s, 3, 0x1000, 0));
	model_symbols__free(&s);
}

/* Numbers that fall on the same place in the table: the one that is not there is not mistaken for the one that is. */
static void symbols_are_not_mixed_up(void **unused)
{
	static const struct {
		uint32_t pid;
		uint64_t ip;
	} others[] = {
		{ 2, 0x1000 ^ 3ull << 42 },
		{ 1, 0x1000 | 1ull << 63 },
		{ 1 | 1u << 21, 0x1000 },
		{ 1 | 1u << 22, 0x1000 },
	};
	struct model_symbols s;

	model_symbols__init(&s, &none);
	add_symbol(&s, 1, 0x1000, "first", "", 0);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_null(model_symbols__at(&s, others[i].pid, others[i].ip, 0));
		add_symbol(&s, others[i].pid, others[i].ip, "second", "", 0);
		assert_string_equal(model_symbols__at(&s, 1, 0x1000, 0)->name, "first");
	}
	add_symbol(&s, UINT32_MAX, UINT64_MAX, "last", "", 0);
	assert_string_equal(model_symbols__at(&s, UINT32_MAX, UINT64_MAX, 0)->name, "last");
	model_symbols__free(&s);
}

static void more_symbols_than_it_holds(void **unused)
{
	struct model_symbols s;
	unsigned found = 0;

	model_symbols__init(&s, &none);
	for (uint64_t ip = 0; ip < MODEL_MAX_SYMBOLS + 100; ip++)
		add_symbol(&s, 1, ip, "f", "", 0);
	for (uint64_t ip = 0; ip < MODEL_MAX_SYMBOLS + 100; ip++)
		found += model_symbols__at(&s, 1, ip, 0) != NULL;
	assert_int_equal(found, MODEL_MAX_SYMBOLS);
	model_symbols__free(&s);
}

/* ---- names ---- */

/* Each event has one of its own, and so has each of its numbers: none missing between, none that stands for two. */
static void events_have_names(void **unused)
{
	assert_null(runtime_event_name(0));
	assert_null(runtime_event_name(TARE_NR_RT_EVENTS));
	assert_null(runtime_event_name(UINT16_MAX));
	assert_null(runtime_arg_name(TARE_NR_RT_EVENTS, 0));
	assert_null(runtime_arg_name(TARE_RT_STW_REQUEST, TARE_RT_MAX_ARGS));
	assert_string_equal(runtime_event_name(TARE_RT_STW_REQUEST), "stw_request");
	assert_string_equal(runtime_arg_name(TARE_RT_STW_RESTART, 3), "own_stopping_cpu_ns");
	for (unsigned e = 1; e < TARE_NR_RT_EVENTS; e++) {
		static const char *const taken[] = { "ts_ns", "cpu", "event", "what", "tid", "tgid", "goroutine" };
		const char *name = runtime_event_name(e);
		bool more = true;

		if (!name)
			fail_msg("event %u has no name", e);
		for (unsigned other = 1; other < e; other++)
			assert_string_not_equal(name, runtime_event_name(other));
		for (unsigned i = 0; i < TARE_RT_MAX_ARGS; i++) {
			const char *arg = runtime_arg_name(e, i);

			assert_true(more || !arg);
			more = arg;
			for (size_t t = 0; arg && t < ARRAY_SIZE(taken); t++)
				assert_string_not_equal(arg, taken[t]);
			for (unsigned other = 0; arg && other < i; other++)
				assert_string_not_equal(arg, runtime_arg_name(e, other));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sent_to_delivered),
		cmocka_unit_test(sent_twice),
		cmocka_unit_test(others_ask_for_nothing),
		cmocka_unit_test(delivered_without_sent),
		cmocka_unit_test(threads_end),
		cmocka_unit_test(symbols_by_process_and_address),
		cmocka_unit_test(symbols_are_not_mixed_up),
		cmocka_unit_test(more_symbols_than_it_holds),
		cmocka_unit_test(events_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
