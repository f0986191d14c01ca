// SPDX-License-Identifier: BSD-2-Clause
/*
 * Whatever comes (events in any order, lost, twice, out of order, of threads that died) each pause is whole: its
 * segments neither overlap nor leave a gap, and its causes sum to it; and memory stays within its bounds.
 */
#include "pause_events.h"
#include "pause_thread.h"

#define STREAMS	      300
#define STREAM_EVENTS 2000
#define NR_THREADS    12

static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static bool one_in(uint64_t n)
{
	return rnd(n) == 0;
}

static uint32_t any_tid(void)
{
	return 101 + rnd(NR_THREADS);
}

static uint64_t any_ns(void)
{
	return rnd(1ull << rnd(one_in(200) ? 40 : 24));
}

static void any_switch(struct event *ev)
{
	struct event_switch *sw = &ev->sw;

	*sw = (struct event_switch){ .prev_tid = one_in(3) ? rnd(2) * 900 : any_tid(),
				     .next_tid = one_in(3) ? rnd(2) * 900 : any_tid(),
				     .syscall = TARE_NO_SYSCALL };
	ev->kind = EVENT_SWITCH;
	ev->cpu = one_in(500) ? MODEL_MAX_CPUS + 3 : rnd(4);
	sw->prev_target = sw->prev_tid > 100 && sw->prev_tid < 900;
	sw->next_target = sw->next_tid > 100 && sw->next_tid < 900;
	if (sw->prev_target) {
		sw->voluntary = one_in(2);
		sw->state = sw->voluntary ? rnd(4) : one_in(4) ? TARE_STATE_THROTTLED : TARE_STATE_RUNNING;
		if (one_in(50)) {
			sw->voluntary = true;
			sw->state = TARE_STATE_DEAD;
		}
		if (one_in(2))
			sw->syscall = rnd(300);
		sw->stolen_ns = one_in(4) ? (int64_t)any_ns() - 1000 : 0;
	}
	if (!sw->next_target)
		return;
	sw->has_wait = !one_in(5);
	sw->wait_ns = sw->has_wait ? any_ns() : 0;
	sw->throttled_ns = one_in(6) ? rnd(sw->wait_ns + 1) : 0;
	if (one_in(2)) {
		sw->has_wake = true;
		sw->waker_tid = any_tid();
		sw->waker_context = one_in(8) ? TARE_CONTEXT_HARDIRQ : TARE_CONTEXT_TASK;
		sw->wake_delay_ns = any_ns();
	}
}

static void any_runtime(struct event *ev, uint32_t initiator)
{
	static const uint16_t likely[] = { TARE_RT_STW_REQUEST, TARE_RT_P_STOPPED,   TARE_RT_P_STOPPED,
					   TARE_RT_STW_STOPPED, TARE_RT_STW_RESTART, TARE_RT_STW_STARTED };
	static unsigned step;

	ev->kind = EVENT_RUNTIME;
	memset(&ev->runtime, 0, sizeof(ev->runtime));
	/* mostly in order, so that there are whole pauses */
	ev->runtime.event =
		one_in(10) ? rnd(TARE_NR_RT_EVENTS + 2) : likely[step++ % (sizeof(likely) / sizeof(likely[0]))];
	ev->runtime.tid = ev->runtime.event == TARE_RT_P_STOPPED || one_in(30) ? any_tid() : initiator;
	ev->runtime.tgid = one_in(60) ? 200 : TGID;
	ev->runtime.goroutine = rnd(5);
	ev->runtime.nr_args = rnd(TARE_RT_MAX_ARGS + 1);
	for (int i = 0; i < TARE_RT_MAX_ARGS; i++)
		ev->runtime.args[i] = i >= ev->runtime.nr_args ? TARE_UNKNOWN :
				      one_in(3)		       ? ev->ts_ns - any_ns() :
								 rnd(200);
}

static void any_evidence(struct event *ev)
{
	ev->kind = one_in(6) ? EVENT_FAULT_END : EVENT_GOROUTINE + rnd(EVENT_IRQ - EVENT_GOROUTINE + 1);
	switch (ev->kind) {
	case EVENT_GOROUTINE:
		ev->goroutine = (struct event_goroutine){ .tid = any_tid(), .p = rnd(4) - 1, .goroutine = rnd(9) };
		break;
	case EVENT_SIGNAL:
		ev->signal = (struct event_signal){
			.step = rnd(3), .tid = any_tid(), .ip = rnd(9), .call = rnd(3), .masked = one_in(4)
		};
		break;
	case EVENT_FAULT_END:
		ev->fault_end = (struct tare_fault_end){ .tid = any_tid(), .address = rnd(9), .ns = any_ns() };
		break;
	case EVENT_FAULT:
		ev->fault = (struct event_fault){
			.write = one_in(2), .ends = one_in(2), .tid = any_tid(), .address = rnd(9), .ip = rnd(9)
		};
		break;
	case EVENT_SAMPLE:
		ev->sample = (struct event_sample){ .kernel = one_in(2),
						    .softirq = one_in(2),
						    .hardirq = one_in(2),
						    .called = one_in(2),
						    .tid = any_tid(),
						    .ip = rnd(9),
						    .syscall = one_in(2) ? TARE_NO_SYSCALL : rnd(300) };
		break;
	default:
		ev->irq = (struct event_irq){ .number = rnd(10), .tid = any_tid(), .ns = any_ns() };
	}
}

static void any_life(struct event *ev)
{
	uint32_t tid = any_tid();

	switch (rnd(3)) {
	case 0:
		ev->kind = EVENT_FORK;
		memset(&ev->fork, 0, sizeof(ev->fork));
		ev->fork.tid = tid;
		ev->fork.tgid = TGID;
		ev->fork.parent_tid = any_tid();
		break;
	case 1:
		ev->kind = EVENT_EXIT;
		ev->exit = (struct tare_exit){ .tid = tid, .tgid = one_in(5) ? tid : TGID };
		break;
	default:
		ev->kind = EVENT_MIGRATE;
		ev->migrate.tid = tid;
		ev->migrate.from_cpu = rnd(4);
		ev->migrate.to_cpu = rnd(4);
	}
}

static void assert_bounded(void)
{
	const struct table_slot *slot;
	size_t pos = 0;

	assert_true(m->pauses.threads.count <= NR_THREADS + 1);
	assert_true(m->pauses.processes.count <= 2 + NR_THREADS);
	assert_true(m->pauses.scratch.room <= PAUSE_MAX_SEGS);
	while ((slot = table__next(&m->pauses.threads, &pos))) {
		const struct pause_thread *t = (const struct pause_thread *)(uintptr_t)slot->value;

		assert_true(t->timeline.room <= PAUSE_MAX_SEGS);
		for (uint32_t i = 0; i < t->timeline.n; i++) {
			assert_true(t->timeline.at[i].start_ns < t->timeline.at[i].end_ns);
			assert_true(!i || t->timeline.at[i - 1].end_ns <= t->timeline.at[i].start_ns);
		}
	}
}

static uint64_t stream(uint64_t n)
{
	uint64_t ts = 10 * MS, causes = 0, world = 0, step = 1ull << (6 + rnd(14));
	uint32_t initiator = any_tid();
	uint64_t often = 10 + rnd(200);

	for (int i = 0; i < STREAM_EVENTS; i++) {
		struct event ev = { 0 };

		ts += rnd(step);
		ev.ts_ns = one_in(40) ? ts - rnd(ts) / (1 + rnd(100000)) : ts;
		if (one_in(often))
			any_runtime(&ev, initiator);
		else if (one_in(2))
			any_switch(&ev);
		else if (one_in(60))
			any_life(&ev);
		else
			any_evidence(&ev);
		fold(&ev);
		if (one_in(20))
			fold(&ev);
		if (one_in(300))
			assert_bounded();
	}
	end(ts);
	for (uint32_t i = 0; i < m->pauses.nr_kept; i++) {
		assert_sound(m->pauses.kept[i]);
		assert_true(!i || pause__world_ns(m->pauses.kept[i]) <= pause__world_ns(m->pauses.kept[i - 1]));
		world += pause__world_ns(m->pauses.kept[i]);
	}
	for (int i = 0; i < PAUSE_NR_CAUSES; i++)
		causes += m->pauses.cause_ns[i];
	if (m->pauses.count <= PAUSES_KEEP)
		assert_int_equal(m->pauses.count, m->pauses.nr_kept);
	assert_int_equal(causes, m->pauses.world.total);
	assert_int_equal(world, m->pauses.world.total);
	return m->pauses.count;
}

static void test_random_streams(void **state)
{
	uint64_t pauses = 0;

	for (uint64_t n = 1; n <= STREAMS; n++) {
		seed = n * 0x9e3779b97f4a7c15ull;
		setup(state);
		task(0, 1 * MS, 101, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
		pauses += stream(n);
		teardown(state);
		m = NULL;
	}
	/* else this says nothing */
	assert_true(pauses > STREAMS);
}

/* Evidence without end within one pause: the timeline grows coarser, not longer. */
static void test_endless_pause(void **state)
{
	const struct pause *p;

	setup_two(state);
	seed = 4711;
	rt(10 * MS, 101, TARE_RT_STW_REQUEST);
	for (uint64_t i = 0; i < 50000; i++) {
		uint64_t ts = 10 * MS + i * 10 * US;

		sample(ts, 102, rnd(2), one_in(2) ? TARE_NO_SYSCALL : rnd(300), rnd(1000000));
		if (one_in(100))
			out(ts + 1 * US, 1, 102, 900, one_in(2) ? -1 : FUTEX);
		if (one_in(50))
			in(ts + 2 * US, 1, 900, 102, rnd(10000));
		if (one_in(10))
			irq(ts + 3 * US, 102, rnd(9), rnd(2000));
	}
	assert_bounded();
	p_stopped(600 * MS, 102, 3);
	rt(601 * MS, 101, TARE_RT_STW_STOPPED);
	rt(602 * MS, 101, TARE_RT_STW_RESTART);
	rt(603 * MS, 101, TARE_RT_STW_STARTED);
	end(700 * MS);
	p = only_pause();
	assert_int_equal(pause__world_ns(p), 593 * MS);
	teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_streams),
		cmocka_unit_test(test_endless_pause),
	};

	return cmocka_run_group_tests_name("pause_random", tests, NULL, NULL);
}
