// SPDX-License-Identifier: BSD-2-Clause
/* What Perfetto's trace shows of a language runtime: pauses, collections, goroutines, signals, faults, counters. */
#include "perfetto_picture.h"

static void a_pause_has_its_parts_and_causes(void **unused)
{
	const struct drawn *d;
	struct picture p;
	struct sink s;

	begin(&s);
	runtime(&s, 10000, 100, TARE_RT_STW_REQUEST, 6, 2, 2, 4, 0);
	runtime(&s, 30000, 100, TARE_RT_STW_STOPPED, 6, 2, 2, 1, 0);
	runtime(&s, 60000, 100, TARE_RT_STW_RESTART, 6, 1, 2, 0, 0);
	runtime(&s, 70000, 100, TARE_RT_STW_STARTED, 6, 1, 2, 0, 0);
	finish(&s);
	p = look(&s);
	assert_slice(&p, "GC sweep? termination", 0, 10000, 70000);
	assert_slice(&p, "stopping", 0, 10000, 30000);
	assert_slice(&p, "stopped", 0, 30000, 60000);
	assert_slice(&p, "restart", 0, 60000, 70000);
	/* nobody else was waited for: all of it is the initiator's own work */
	assert_slice(&p, "runtime", 0, 10000, 30000);
	assert_slice(&p, "runtime", 1, 30000, 60000);
	assert_slice(&p, "runtime", 2, 60000, 70000);
	assert_null(drawn(&p, "runtime", 3, NULL));
	d = drawn(&p, "GC sweep? termination", 0, NULL);
	assert_text(get(track_of(&p, d->track), 2, 0), "stop the world");
	assert_text(arg(&p, d, "main_cause"), "runtime");
	assert_int_equal(arg(&p, d, "main_cause_ns").value, 60000);
	assert_int_equal(arg(&p, d, "initiator.tid").value, 100);
	assert_int_equal(arg(&p, d, "initiator.goroutine").value, 6);
	assert_text(arg(&p, d, "initiator.comm"), "main");
	assert_int_equal(arg(&p, d, "ps").value, 4);
	assert_int_equal(arg(&p, d, "lost").nr, 0);
	/* the event itself is on the thread, in words */
	d = drawn(&p, "stw_request", 0, NULL);
	assert_int_equal(d->type, INSTANT);
	assert_int_equal(get(get(track_of(&p, d->track), 4, 0), 2, 0).value, 100);
	assert_text(arg(&p, d, "reason"), "GC sweep? termination");
	done(&s, &p);
}

static void a_pause_without_an_end_is_none(void **unused)
{
	struct picture p;
	struct sink s;

	begin(&s);
	runtime(&s, 10000, 100, TARE_RT_STW_REQUEST, 6, 2, 7, 4, 0);
	runtime(&s, 30000, 100, TARE_RT_STW_STOPPED, 6, 2, 7, 1, 0);
	finish(&s);
	p = look(&s);
	assert_non_null(drawn(&p, "stw_request", 0, NULL));
	assert_null(drawn(&p, "reason 7", 0, NULL));
	done(&s, &p);

	begin(&s);
	runtime(&s, 10000, 100, TARE_RT_STW_REQUEST, 6, 2, 7, 4, 0);
	runtime(&s, 20000, 100, TARE_RT_STW_RESTART, 6, 1, 7, 0, 0);
	runtime(&s, 30000, 100, TARE_RT_STW_STARTED, 6, 1, 7, 0, 0);
	finish(&s);
	p = look(&s);
	assert_slice(&p, "reason 7", 0, 10000, 30000);
	assert_int_equal(arg(&p, drawn(&p, "reason 7", 0, NULL), "lost").value, 1); /* nobody told that all stood */
	done(&s, &p);
}

/* The first pause is not over when the next begins: both are whole, on two tracks of one name. */
static void pauses_that_overlap(void **unused)
{
	const struct drawn *a, *b, *end;
	struct picture p;
	struct sink s;

	begin(&s);
	feed(&s, switch_of(5000, 1, 101, TARE_STATE_INTERRUPTIBLE, true, 0));
	for (uint64_t t = 10000; t <= 20000; t += 10000) {
		runtime(&s, t, 100, TARE_RT_STW_REQUEST, 6, 2, 2, 2, 0);
		if (t == 10000)
			runtime(&s, t + 500, 101, TARE_RT_P_STOPPED, 0, 2, 1, 0, 0);
		runtime(&s, t + 1000, 100, TARE_RT_STW_STOPPED, 6, 2, 2, 1, 0);
		runtime(&s, t + 2000, 100, TARE_RT_STW_RESTART, 6, 1, 2, 0, 0);
		runtime(&s, t + 4000, 100, TARE_RT_STW_STARTED, 6, 1, 2, 0, 0);
	}
	feed(&s, woken(switch_of(40000, 1, 0, 0, false, 101), 27000, 0, 100, 0)); /* by the first one, at 13000 */
	finish(&s);
	p = look(&s);
	a = drawn(&p, "GC sweep? termination", 0, &end);
	assert_int_equal(a->ts_ns, 10000);
	assert_int_equal(end->ts_ns, 40000);
	b = drawn(&p, "GC sweep? termination", 1, &end);
	assert_int_equal(b->ts_ns, 20000);
	assert_non_null(end);
	assert_true(a->track != b->track);
	assert_text(get(track_of(&p, a->track), 2, 0), "stop the world");
	assert_text(get(track_of(&p, b->track), 2, 0), "stop the world");
	done(&s, &p);
}

static void collections_and_their_phases(void **unused)
{
	const struct drawn *d, *end;
	struct picture p;
	struct sink s;

	begin(&s);
	runtime(&s, 10000, 100, TARE_RT_GC_START, 6, 3, 17, 4000, 8000);
	runtime(&s, 11000, 100, TARE_RT_GC_PHASE, 6, 2, 17, 1, 0);
	runtime(&s, 20000, 101, TARE_RT_GC_PHASE, 6, 2, 17, 2, 0);
	runtime(&s, 21000, 101, TARE_RT_GC_END, 6, 3, 17, 1000, 2000);
	runtime(&s, 22000, 101, TARE_RT_GC_PHASE, 6, 2, 17, 3, 0);
	runtime(&s, 30000, 101, TARE_RT_GC_PHASE, 6, 2, 17, 0, 0);
	runtime(&s, 40000, 101, TARE_RT_GC_START, 6, 2, 18, 5000, 0); /* its end was lost */
	runtime(&s, 50000, 101, TARE_RT_GC_START, 6, 1, 19, 0, 0);
	finish(&s);
	p = look(&s);
	assert_slice(&p, "GC cycle", 0, 10000, 21000);
	assert_slice(&p, "mark", 0, 11000, 20000);
	assert_slice(&p, "phase 2", 0, 20000, 21000);
	assert_slice(&p, "phase 3", 0, 22000, 30000);
	assert_null(drawn(&p, "off", 0, NULL));
	assert_slice(&p, "GC cycle", 1, 40000, 50000);
	assert_slice(&p, "GC cycle", 2, 50000, 0);
	d = drawn(&p, "GC cycle", 0, &end);
	assert_text(get(track_of(&p, d->track), 2, 0), "GC");
	assert_int_equal(arg(&p, d, "cycle").value, 17);
	assert_int_equal(arg(&p, d, "goal_bytes").value, 8000);
	assert_int_equal(arg(&p, end, "live_bytes").value, 1000);
	assert_int_equal(arg(&p, end, "next_goal_bytes").value, 2000);
	drawn(&p, "GC cycle", 1, &end);
	assert_int_equal(arg(&p, end, "end_not_seen").value, 1);
	done(&s, &p);
}

/* A thread is drawn on the lane of the P that it was last seen with; while it is off the CPU it keeps that P. */
static void lanes_of_ps(void **unused)
{
	const struct drawn *d;
	struct picture p;
	struct sink s;

	begin(&s);
	goroutine(&s, 2000, 100, 17, 2, 0);
	feed(&s, switch_of(2000, 0, 100, TARE_STATE_RUNNING, false, 0));
	feed(&s, switch_of(3000, 0, 0, 0, false, 100));
	goroutine(&s, 5000, 100, 18, 2, 0);
	feed(&s, switch_of(5000, 0, 100, TARE_STATE_INTERRUPTIBLE, true, 0));
	feed(&s, switch_of(6000, 0, 0, 0, false, 100));
	feed(&s, switch_of(7000, 0, 100, TARE_STATE_INTERRUPTIBLE, true, 0)); /* runs none: it has no P */
	feed(&s, switch_of(8000, 0, 0, 0, false, 100));
	runtime(&s, 8100, 100, TARE_RT_STW_REQUEST, 6, 2, 2, 2, 0);
	runtime(&s, 8200, 100, TARE_RT_STW_STOPPED, 6, 2, 2, 0, 0);
	runtime(&s, 8400, 100, TARE_RT_STW_RESTART, 6, 1, 2, 0, 0);
	runtime(&s, 8500, 100, TARE_RT_STW_STARTED, 6, 1, 2, 0, 0);
	goroutine(&s, 9000, 100, 19, 2, 0);
	finish(&s);
	p = look(&s);
	p.on_lanes = true;
	assert_slice(&p, "thread off CPU", 0, 2000, 3000);
	assert_int_equal(arg(&p, drawn(&p, "thread off CPU", 0, NULL), "runnable").value, 1);
	assert_slice(&p, "goroutine 18", 0, 3000, 5000);
	d = drawn(&p, "goroutine 18", 0, NULL);
	assert_text(get(track_of(&p, d->track), 2, 0), "P 1");
	assert_int_equal(arg(&p, d, "tid").value, 100);
	assert_int_equal(arg(&p, d, "seen_at_both_ends").value, 1);
	assert_slice(&p, "thread off CPU", 1, 5000, 6000);
	assert_int_equal(arg(&p, drawn(&p, "thread off CPU", 1, NULL), "runnable").value, 0);
	/* the stop cuts it in two */
	assert_slice(&p, "goroutine 19", 0, 8000, 8200);
	assert_int_equal(arg(&p, drawn(&p, "goroutine 19", 0, NULL), "seen_at_both_ends").value, 0);
	assert_slice(&p, "stopped", 0, 8200, 8400);
	assert_slice(&p, "goroutine 19", 1, 8400, 9000);
	assert_null(drawn(&p, "thread off CPU", 2, NULL));
	done(&s, &p);
}

/* More names than anyone keeps: those that are used again are told again. */
static void names_without_end(void **unused)
{
	char name[32];
	struct picture p;
	struct sink s;

	begin(&s);
	for (unsigned g = 1; g <= 6000; g++)
		runtime(&s, 10000 + g, 100, TARE_RT_G_RUN, g, 1, 0, 0, 0);
	finish(&s);
	p = look(&s);
	assert_true(p.forgotten > 0);
	for (unsigned g = 1; g < 6000; g += 100) {
		snprintf(name, sizeof(name), "goroutine %u", g);
		assert_slice(&p, name, 0, 10000 + g, 10001 + g);
		assert_int_equal(arg(&p, drawn(&p, name, 0, NULL), "goroutine").value, g);
	}
	done(&s, &p);
}

static void goroutines_run_on_one_thread_at_a_time(void **unused)
{
	const struct drawn *d, *end;
	struct picture p;
	struct sink s;

	begin(&s);
	runtime(&s, 10000, 100, TARE_RT_G_RUN, 17, 1, 0, 0, 0);
	runtime(&s, 11000, 100, TARE_RT_G_READY, 18, 1, 17, 0, 0);
	runtime(&s, 12000, 100, TARE_RT_G_PARK, 17, 1, 3, 0, 0);
	runtime(&s, 13000, 100, TARE_RT_G_RUN, 18, 1, 0, 0, 0);
	runtime(&s, 14000, 100, TARE_RT_G_RUN, 19, 1, 0, 0, 0); /* 18 gave way */
	runtime(&s, 15000, 101, TARE_RT_G_RUN, 19, 1, 1, 0, 0); /* and 19 was stolen */
	runtime(&s, 16000, 101, TARE_RT_PREEMPT_TAKEN, 19, 2, 1, 1, 0);
	runtime(&s, 17000, 101, TARE_RT_G_RUN, 18, 1, 1, 0, 0);
	feed(&s, (struct event){ .kind = EVENT_EXIT, .ts_ns = 18000, .exit = { .tid = 101, .tgid = PID } });
	finish(&s);
	p = look(&s);
	assert_slice(&p, "goroutine 17", 0, 10000, 12000);
	assert_slice(&p, "goroutine 18", 0, 13000, 14000);
	assert_slice(&p, "goroutine 19", 0, 14000, 15000);
	assert_slice(&p, "goroutine 19", 1, 15000, 16000);
	assert_slice(&p, "goroutine 18", 1, 17000, 18000);
	d = drawn(&p, "goroutine 17", 0, &end);
	assert_text(arg(&p, end, "end"), "g_park");
	assert_text(arg(&p, end, "wait_reason"), "select");
	assert_int_equal(get(get(track_of(&p, d->track), 4, 0), 2, 0).value, 100);
	assert_int_equal(arg(&p, drawn(&p, "g_ready", 0, NULL), "by").value, 17);
	drawn(&p, "goroutine 19", 1, &end);
	assert_text(arg(&p, end, "end"), "preempt_taken");
	assert_int_equal(arg(&p, end, "by_signal").value, 1);
	done(&s, &p);
}

static void a_thread_off_the_cpu_keeps_its_goroutine(void **unused)
{
	const struct drawn *d;
	struct picture p;
	struct sink s;

	begin(&s);
	goroutine(&s, 10000, 101, 17, 4, 3);
	feed(&s, switch_of(10000, 1, 101, TARE_STATE_INTERRUPTIBLE, true, 0));
	feed(&s, switch_of(20000, 1, 0, 0, false, 101));
	feed(&s, switch_of(30000, 1, 101, TARE_STATE_INTERRUPTIBLE, true, 0)); /* no goroutine then */
	feed(&s, switch_of(40000, 1, 0, 0, false, 101));
	goroutine(&s, 50000, 101, 18, 2, 3);
	feed(&s, switch_of(50000, 1, 101, TARE_STATE_RUNNING, false, 0));
	finish(&s);
	p = look(&s);
	assert_slice(&p, "goroutine off CPU", 0, 10000, 20000);
	assert_slice(&p, "goroutine off CPU", 1, 50000, 0);
	assert_null(drawn(&p, "goroutine off CPU", 2, NULL));
	d = drawn(&p, "goroutine off CPU", 0, NULL);
	assert_text(arg(&p, d, "status"), "waiting");
	assert_text(arg(&p, d, "wait_reason"), "select");
	assert_int_equal(arg(&p, d, "p").value, 1);
	d = drawn(&p, "goroutine off CPU", 1, NULL);
	assert_text(arg(&p, d, "status"), "running");
	assert_int_equal(arg(&p, d, "wait_reason").nr, 0); /* of its last wait */
	done(&s, &p);
}

static void signals_lead_to_their_delivery(void **unused)
{
	const struct drawn *sent, *again, *delivered, *foreign;
	struct picture p;
	struct sink s;

	begin(&s);
	signal_at(&s, 10000, TARE_SIGNAL_SENT, 101, 100);
	signal_at(&s, 11000, TARE_SIGNAL_SENT, 101, 100); /* pending already */
	signal_at(&s, 12000, TARE_SIGNAL_DELIVERED, 101, 0);
	signal_at(&s, 13000, TARE_SIGNAL_SENT, 101, 300); /* from somebody else's process */
	finish(&s);
	p = look(&s);
	sent = drawn(&p, "preemption signal sent", 0, NULL);
	again = drawn(&p, "preemption signal sent", 1, NULL);
	delivered = drawn(&p, "preemption signal delivered", 0, NULL);
	foreign = drawn(&p, "preemption signal sent", 2, NULL);
	assert_int_equal(get(get(track_of(&p, sent->track), 4, 0), 2, 0).value, 100);
	assert_int_equal(arg(&p, sent, "to_tid").value, 101);
	assert_int_equal(get(get(track_of(&p, delivered->track), 4, 0), 2, 0).value, 101);
	assert_int_equal(arg(&p, delivered, "ip").value, 0x1234);
	assert_true(get(sent->event, 47, 0).value != 0);
	assert_int_equal(get(again->event, 47, 0).value, get(sent->event, 47, 0).value);
	assert_int_equal(get(delivered->event, 48, 0).value, get(sent->event, 47, 0).value);
	assert_int_equal(foreign->track, delivered->track);
	assert_int_equal(arg(&p, foreign, "from_tid").value, 300);
	assert_true(get(foreign->event, 47, 0).value != get(sent->event, 47, 0).value);
	done(&s, &p);
}

static void faults_and_interrupts(void **unused)
{
	const struct drawn *d;
	struct picture p;
	struct sink s;

	begin(&s);
	goroutine(&s, 10000, 101, 17, 2, 0);
	feed(&s, (struct event){ .kind = EVENT_FAULT,
				 .ts_ns = 10000,
				 .fault = { .write = true, .tid = 101, .tgid = PID, .address = 0xabc, .ip = 0x1000 } });
	irq(&s, 20000, 101, TARE_IRQ_HARD, 1000); /* in the softirq that is told after it */
	irq(&s, 21000, 101, 3, 5000);
	irq(&s, 30000, 101, 99, 2000);
	irq(&s, 31000, 400, 1, 2000); /* of a thread that is not known */
	finish(&s);
	p = look(&s);
	d = drawn(&p, "page fault", 0, NULL);
	assert_int_equal(d->ts_ns, 10000);
	assert_int_equal(arg(&p, d, "address").value, 0xabc);
	assert_int_equal(arg(&p, d, "goroutine").value, 17);
	assert_int_equal(arg(&p, d, "write").value, 1);
	assert_slice(&p, "softirq NET_RX", 0, 16000, 21000);
	assert_slice(&p, "hardware interrupt", 0, 19000, 20000);
	assert_slice(&p, "softirq 99", 0, 28000, 30000);
	assert_null(drawn(&p, "softirq TIMER", 0, NULL));
	done(&s, &p);
}

static void counters_are_those_that_are_told(void **unused)
{
	struct tare_counters c;
	struct field track;
	unsigned seen = 0;
	struct picture p;
	struct sink s;

	begin(&s);
	memset(&c, 0xff, sizeof(c));
	c.pid = PID;
	c.heap_bytes = 4096;
	c.goroutine_switches = 7;
	feed(&s, (struct event){ .kind = EVENT_COUNTERS, .ts_ns = 10000, .counters = c });
	c.heap_bytes = 8192;
	c.goroutine_switches = TARE_UNKNOWN;
	feed(&s, (struct event){ .kind = EVENT_COUNTERS, .ts_ns = 20000, .counters = c });
	finish(&s);
	p = look(&s);
	assert_int_equal(p.nr, 3);
	for (unsigned i = 0; i < p.nr; i++) {
		assert_int_equal(p.at[i].type, COUNTER);
		track = track_of(&p, p.at[i].track);
		if (is_text(get(track, 2, 0), "heap")) {
			assert_int_equal(get(get(track, 8, 0), 3, 0).value, 3 /* bytes */);
			assert_int_equal(get(p.at[i].event, 30, 0).value, p.at[i].ts_ns == 10000 ? 4096 : 8192);
			seen++;
		} else {
			assert_text(get(track, 2, 0), "goroutine switches since start");
			assert_int_equal(get(p.at[i].event, 30, 0).value, 7);
		}
	}
	assert_int_equal(seen, 2);
	done(&s, &p);
}

/* A class has a counter once it has bytes, and keeps it. */
static void resident_bytes_are_counters(void **unused)
{
	struct tare_bytes b = { .pid = PID, .rss = 4096 };
	unsigned seen = 0;
	struct picture p;
	struct sink s;

	begin(&s);
	b.classes[TARE_BYTES_STACKS] = 4096;
	feed(&s, (struct event){ .kind = EVENT_BYTES, .ts_ns = 10000, .bytes = b });
	b.classes[TARE_BYTES_STACKS] = 0;
	feed(&s, (struct event){ .kind = EVENT_BYTES, .ts_ns = 20000, .bytes = b });
	finish(&s);
	p = look(&s);
	assert_int_equal(p.nr, 4);
	for (unsigned i = 0; i < p.nr; i++) {
		struct field track = track_of(&p, p.at[i].track);
		bool all = is_text(get(track, 2, 0), "resident: all (VmRSS)");

		assert_int_equal(p.at[i].type, COUNTER);
		assert_int_equal(get(get(track, 8, 0), 3, 0).value, 3 /* bytes */);
		assert_int_equal(get(p.at[i].event, 30, 0).value, all || p.at[i].ts_ns == 10000 ? 4096 : 0);
		seen += all;
		if (!all)
			assert_text(get(track, 2, 0), "resident: stacks of threads");
	}
	assert_int_equal(seen, 2);
	done(&s, &p);
}

/* Another program is the same process on the same tracks; another process or thread of that number has others. */
static void numbers_are_used_again(void **unused)
{
	struct picture p;
	struct sink s;

	begin(&s);
	runtime(&s, 10000, 100, TARE_RT_GC_START, 6, 1, 1, 0, 0);
	runtime(&s, 11000, 100, TARE_RT_G_RUN, 17, 1, 0, 0, 0);
	feed(&s, (struct event){ .kind = EVENT_EXEC, .ts_ns = 20000, .exec = { 100, 100, "new" } });
	runtime(&s, 30000, 100, TARE_RT_GC_START, 6, 1, 1, 0, 0);
	runtime(&s, 31000, 100, TARE_RT_G_RUN, 17, 1, 0, 0, 0);
	feed(&s, (struct event){ .kind = EVENT_FORK, .ts_ns = 40000, .fork = { 100, 100, 1, 1, "again" } });
	runtime(&s, 50000, 100, TARE_RT_GC_START, 6, 1, 1, 0, 0);
	runtime(&s, 51000, 100, TARE_RT_G_RUN, 17, 1, 0, 0, 0);
	finish(&s);
	p = look(&s);
	assert_slice(&p, "GC cycle", 0, 10000, 20000);
	assert_slice(&p, "goroutine 17", 0, 11000, 20000);
	assert_slice(&p, "GC cycle", 1, 30000, 40000);
	assert_slice(&p, "goroutine 17", 1, 31000, 40000);
	assert_slice(&p, "GC cycle", 2, 50000, 0);
	assert_slice(&p, "goroutine 17", 2, 51000, 0);
	assert_true(drawn(&p, "GC cycle", 0, NULL)->track == drawn(&p, "GC cycle", 1, NULL)->track);
	assert_true(drawn(&p, "GC cycle", 0, NULL)->track != drawn(&p, "GC cycle", 2, NULL)->track);
	assert_true(drawn(&p, "goroutine 17", 0, NULL)->track == drawn(&p, "goroutine 17", 1, NULL)->track);
	assert_true(drawn(&p, "goroutine 17", 0, NULL)->track != drawn(&p, "goroutine 17", 2, NULL)->track);
	done(&s, &p);
}

/* Whatever comes: no slice ends that did not begin, and each track's events are of one kind. */
static void slices_nest_whatever_was_lost(void **unused)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		int open[MAX_TRACKS + 1] = { 0 };
		unsigned slices = 0;
		struct picture p;
		struct sink s;

		begin(&s);
		feed_runtime_chaos(&s, seed * 0x9e3779b97f4a7c15ull, 3000);
		finish(&s);
		p = look(&s);
		for (unsigned i = 0; i < p.nr; i++) {
			const struct drawn *d = &p.at[i];

			assert_true(d->track <= MAX_TRACKS);
			assert_int_equal(d->type == COUNTER, get(track_of(&p, d->track), 8, 0).nr != 0);
			open[d->track] += d->type == BEGIN ? 1 : d->type == END ? -1 : 0;
			assert_true(open[d->track] >= 0 && open[d->track] < MAX_OPEN);
			slices += d->type == BEGIN;
		}
		assert_true(slices > 100);
		done(&s, &p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_has_its_parts_and_causes),
		cmocka_unit_test(a_pause_without_an_end_is_none),
		cmocka_unit_test(pauses_that_overlap),
		cmocka_unit_test(collections_and_their_phases),
		cmocka_unit_test(lanes_of_ps),
		cmocka_unit_test(names_without_end),
		cmocka_unit_test(goroutines_run_on_one_thread_at_a_time),
		cmocka_unit_test(a_thread_off_the_cpu_keeps_its_goroutine),
		cmocka_unit_test(signals_lead_to_their_delivery),
		cmocka_unit_test(faults_and_interrupts),
		cmocka_unit_test(counters_are_those_that_are_told),
		cmocka_unit_test(resident_bytes_are_counters),
		cmocka_unit_test(numbers_are_used_again),
		cmocka_unit_test(slices_nest_whatever_was_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
