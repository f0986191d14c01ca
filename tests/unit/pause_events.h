/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of pauses: what a runtime and the kernel report of one, and what must hold for each. */
#ifndef TEST_PAUSE_EVENTS_H
#define TEST_PAUSE_EVENTS_H

#include "model_events.h"
#include "pause.h"

#define TGID 100
#define US   1000ull
#define MS   1000000ull

static inline void rt_args(uint64_t ts, uint32_t tid, int event, uint64_t goroutine, int n, uint64_t a, uint64_t b,
			   uint64_t c)
{
	struct event ev = { .kind = EVENT_RUNTIME, .ts_ns = ts };

	ev.runtime.event = event;
	ev.runtime.tid = tid;
	ev.runtime.tgid = TGID;
	ev.runtime.goroutine = goroutine;
	ev.runtime.nr_args = n;
	memset(ev.runtime.args, 0xff, sizeof(ev.runtime.args));
	ev.runtime.args[0] = n > 0 ? a : TARE_UNKNOWN;
	ev.runtime.args[1] = n > 1 ? b : TARE_UNKNOWN;
	ev.runtime.args[2] = n > 2 ? c : TARE_UNKNOWN;
	fold(&ev);
}

static inline void rt(uint64_t ts, uint32_t tid, int event)
{
	rt_args(ts, tid, event, 0, 1, 1, 0, 0);
}

static inline void p_stopped(uint64_t ts, uint32_t tid, uint64_t goroutine)
{
	rt_args(ts, tid, TARE_RT_P_STOPPED, goroutine, 2, 1, 0, 0);
}

static inline void goroutine(uint64_t ts, uint32_t tid, uint64_t g, int p)
{
	struct event ev = { .kind = EVENT_GOROUTINE, .ts_ns = ts };

	ev.goroutine = (struct event_goroutine){ .tid = tid, .p = p, .goroutine = g };
	fold(&ev);
}

static inline void signal_at(uint64_t ts, uint32_t tid, int step, uint64_t ip)
{
	struct event ev = { .kind = EVENT_SIGNAL, .ts_ns = ts };

	ev.signal = (struct event_signal){ .step = step, .tid = tid, .ip = ip };
	fold(&ev);
}

/* On the way out of the system call @call. */
static inline void signal_from_call(uint64_t ts, uint32_t tid, uint16_t call, uint64_t ip)
{
	struct event ev = { .kind = EVENT_SIGNAL, .ts_ns = ts };

	ev.signal = (struct event_signal){ .step = TARE_SIGNAL_DELIVERED, .tid = tid, .ip = ip, .call = call + 1 };
	fold(&ev);
}

/* Sent to a thread that blocks it. */
static inline void signal_masked(uint64_t ts, uint32_t tid)
{
	struct event ev = { .kind = EVENT_SIGNAL, .ts_ns = ts };

	ev.signal = (struct event_signal){ .step = TARE_SIGNAL_SENT, .tid = tid, .masked = 1 };
	fold(&ev);
}

/* A fault whose end will be reported, and that end. */
static inline void fault_begins(uint64_t ts, uint32_t tid, uint64_t address)
{
	struct event ev = { .kind = EVENT_FAULT, .ts_ns = ts };

	ev.fault = (struct event_fault){ .ends = true, .tid = tid, .address = address, .ip = 0x1000 };
	fold(&ev);
}

static inline void fault_ends(uint64_t ts, uint32_t tid, uint64_t address, uint64_t ns)
{
	struct event ev = { .kind = EVENT_FAULT_END, .ts_ns = ts };

	ev.fault_end = (struct tare_fault_end){ .tid = tid, .address = address, .ns = ns };
	fold(&ev);
}

static inline void fault(uint64_t ts, uint32_t tid, uint64_t address)
{
	struct event ev = { .kind = EVENT_FAULT, .ts_ns = ts };

	ev.fault = (struct event_fault){ .tid = tid, .address = address, .ip = 0x1000 };
	fold(&ev);
}

static inline void sample(uint64_t ts, uint32_t tid, int flags, uint16_t syscall, uint64_t ip)
{
	struct event ev = { .kind = EVENT_SAMPLE, .ts_ns = ts };

	ev.sample = (struct event_sample){ .kernel = flags & TARE_SAMPLE_KERNEL,
					   .softirq = flags & TARE_SAMPLE_SOFTIRQ,
					   .hardirq = flags & TARE_SAMPLE_HARDIRQ,
					   .called = flags & TARE_SAMPLE_CALLED,
					   .tid = tid,
					   .syscall = syscall,
					   .ip = ip };
	fold(&ev);
}

/* Stack @number of process TGID is @frames, the first @nr_sure of them certain. */
static inline void stack_is(uint32_t number, const uint64_t *frames, unsigned nr, unsigned nr_sure)
{
	struct tare_call_stack head = { .pid = TGID, .number = number, .nr_user = nr, .nr_sure = nr_sure };
	struct event ev = { .kind = EVENT_CALL_STACK, .call_stack = { &head, frames, frames } };

	fold(&ev);
}

/* @tid had it at the record that follows. */
static inline void stacked(uint64_t ts, uint32_t tid, uint32_t number)
{
	struct event ev = { .kind = EVENT_STACKED, .ts_ns = ts, .stacked = { tid, number } };

	fold(&ev);
}

static inline void irq(uint64_t ts, uint32_t tid, uint16_t which, uint32_t ns)
{
	struct event ev = { .kind = EVENT_IRQ, .ts_ns = ts };

	ev.irq = (struct event_irq){ .number = which, .tid = tid, .ns = ns };
	fold(&ev);
}

/* As in(), woken by @waker @delay before it was on the run queue. */
static inline void in_woken(uint64_t ts, int cpu, uint32_t prev, uint32_t tid, uint64_t wait, uint64_t delay,
			    uint32_t waker)
{
	struct event ev = sw(ts, cpu, prev, tid);

	ev.sw.next_target = ev.sw.has_wait = ev.sw.has_wake = true;
	ev.sw.wait_ns = wait;
	ev.sw.wake_delay_ns = delay;
	ev.sw.waker_tid = waker;
	fold(&ev);
}

/* As setup_two(), but the runtime has reported nothing yet. */
static inline int setup_unknown(void **state)
{
	if (setup(state))
		return -1;
	task(0, 1 * MS, 101, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	task(0, 1 * MS, 102, 1, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	name(900, "hog");
	return 0;
}

/* The initiator 101 on CPU 0 and the thread 102 on CPU 1, both known from switches. */
static inline int setup_two(void **state)
{
	if (setup_unknown(state))
		return -1;
	rt(2 * MS, 101, TARE_RT_GC_START);
	return 0;
}

/* What must hold for every pause, whatever the events. */
static inline void assert_sound(const struct pause *p)
{
	uint64_t causes = 0, parts = 0, pos = p->request_ns, by_cause[PAUSE_NR_CAUSES] = { 0 };

	assert_true(p->request_ns <= p->stopped_ns && p->stopped_ns <= p->restart_ns);
	assert_true(p->restart_ns <= p->started_ns && p->started_ns <= p->end_ns);
	assert_true(p->chain.n <= PAUSE_MAX_SEGS);
	for (uint32_t i = 0; i < p->chain.n; i++) {
		const struct pause_seg *s = &p->chain.at[i];

		assert_int_equal(s->start_ns, pos);
		assert_true(s->end_ns > s->start_ns);
		assert_true(s->cause < PAUSE_NR_CAUSES && s->part < PAUSE_NR_PARTS);
		pos = s->end_ns;
		by_cause[s->cause] += s->end_ns - s->start_ns;
	}
	assert_int_equal(pos, p->end_ns);
	for (int i = 0; i < PAUSE_NR_CAUSES; i++) {
		causes += p->cause_ns[i];
		assert_int_equal(by_cause[i], p->cause_ns[i]);
	}
	for (int i = 0; i < PAUSE_NR_PARTS; i++)
		parts += p->part_ns[i];
	assert_int_equal(causes, pause__world_ns(p));
	assert_int_equal(parts, pause__world_ns(p));
	assert_null(p->under_way);
}

static inline const struct pause *only_pause(void)
{
	assert_int_equal(m->pauses.nr_kept, 1);
	assert_int_equal(m->pauses.count, 1);
	assert_sound(m->pauses.kept[0]);
	return m->pauses.kept[0];
}

/* The main cause of the only pause is @cause, with exactly @ns. */
static inline struct pause_verdict assert_main(enum pause_cause cause, uint64_t ns)
{
	struct pause_verdict v;

	pause__verdict(only_pause(), &v);
	assert_string_equal(pause_cause_name(v.cause), pause_cause_name(cause));
	assert_int_equal(v.ns, ns);
	return v;
}

/* A typical pause: thread 101 requests it at T. */
#define T (10 * MS) /* when the world is asked to stop */

static inline void request(void)
{
	rt_args(T, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
}

/* 102 stops at @stop; 100 us of work; all are resumed within 10 us. */
static inline void rest(uint64_t stop)
{
	p_stopped(stop, 102, 18);
	rt(stop + 5 * US, 101, TARE_RT_STW_STOPPED);
	rt(stop + 105 * US, 101, TARE_RT_STW_RESTART);
	rt(stop + 115 * US, 101, TARE_RT_STW_STARTED);
	end(stop + 100 * MS);
}

static inline void assert_straggler(uint32_t tid, uint64_t g)
{
	const struct pause *p = only_pause();

	assert_int_equal(p->straggler.tid, tid);
	assert_int_equal(p->straggler.goroutine, g);
	assert_false(p->lost);
}

#endif /* TEST_PAUSE_EVENTS_H */
