/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of the model: events as in a recording, folded into .m at once, and their results. */
#ifndef TEST_MODEL_EVENTS_H
#define TEST_MODEL_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model.h"

#define FUTEX 202 /* x86-64 */
#define READ  0
#define YIELD 24

static struct model *m;

static inline int setup(void **state)
{
	struct tare_header header = { .version = TARE_FORMAT_VERSION, .arch = TARE_ARCH_X86_64 };
	struct event ev = { .kind = EVENT_HEADER, .header = &header };

	m = model__new();
	return !m || model__event(m, &ev);
}

static inline int teardown(void **state)
{
	model__free(m);
	return 0;
}

static inline void fold(const struct event *ev)
{
	assert_int_equal(model__event(m, ev), 0);
}

static inline void task(int phase, uint64_t ts, uint32_t tid, int cpu, uint16_t state, uint16_t syscall,
			const struct kernel_counters *c)
{
	struct tare_task t = {
		.ts_ns = ts,
		.tid = tid,
		.tgid = 100,
		.state = state,
		.syscall = syscall,
		.phase = phase,
		.on_cpu = cpu >= 0,
		.cpu = cpu >= 0 ? cpu : 0,
		.comm = "target",
	};
	struct event ev = { .kind = EVENT_TASK, .ts_ns = ts, .task = &t };

	if (c) {
		t.nvcsw = c->nvcsw;
		t.nivcsw = c->nivcsw;
		t.exec_ns = c->exec_ns;
		t.run_delay_ns = c->run_delay_ns;
		t.minor_faults = c->minor_faults;
		t.major_faults = c->major_faults;
	}
	fold(&ev);
}

static inline struct event sw(uint64_t ts, int cpu, uint32_t prev, uint32_t next)
{
	return (struct event){
		.kind = EVENT_SWITCH,
		.ts_ns = ts,
		.cpu = cpu,
		.sw = { .prev_tid = prev, .next_tid = next, .syscall = TARE_NO_SYSCALL },
	};
}

/* Target @tid gives up @cpu to @next: blocks in @syscall, or with @syscall negative is preempted. */
static inline void out(uint64_t ts, int cpu, uint32_t tid, uint32_t next, int syscall)
{
	struct event ev = sw(ts, cpu, tid, next);

	ev.sw.prev_target = true;
	ev.sw.voluntary = syscall >= 0;
	ev.sw.state = syscall >= 0 ? TARE_STATE_INTERRUPTIBLE : TARE_STATE_RUNNING;
	ev.sw.syscall = syscall >= 0 ? syscall : TARE_NO_SYSCALL;
	fold(&ev);
}

static inline void in(uint64_t ts, int cpu, uint32_t prev, uint32_t tid, uint64_t wait)
{
	struct event ev = sw(ts, cpu, prev, tid);

	ev.sw.next_target = true;
	ev.sw.has_wait = true;
	ev.sw.wait_ns = wait;
	fold(&ev);
}

static inline void others(uint64_t ts, int cpu, uint32_t prev, uint32_t next)
{
	struct event ev = sw(ts, cpu, prev, next);

	fold(&ev);
}

static inline void name(uint32_t tid, const char *comm)
{
	struct event ev = { .kind = EVENT_NAME, .name = { .tid = tid, .tgid = tid } };

	strcpy(ev.name.comm, comm);
	fold(&ev);
}

static inline void forked(uint64_t ts, uint32_t tid)
{
	struct event ev = { .kind = EVENT_FORK, .ts_ns = ts, .fork = { .tid = tid, .tgid = 100, .comm = "child" } };

	fold(&ev);
}

static inline void end(uint64_t ts)
{
	struct tare_end e = { .ts_ns = ts, .reason = TARE_END_INTERRUPT, .wait_status = -1 };
	struct event ev = { .kind = EVENT_END, .ts_ns = ts, .end = &e };

	fold(&ev);
	model__finish(m);
}

static inline const struct reason *reason_of(enum reason_kind kind, uint16_t syscall)
{
	for (uint32_t i = 0; i < m->switches.nr_reasons; i++) {
		const struct reason *r = &m->switches.reasons[i];

		if (r->kind == kind && (kind != REASON_SYSCALL || r->syscall == syscall))
			return r;
	}
	fail_msg("no such reason");
	return NULL;
}

static inline const struct thread *row(uint32_t tid)
{
	for (uint32_t i = 0; i < m->switches.threads.nr_rows; i++) {
		if (m->switches.threads.rows[i]->tid == tid)
			return m->switches.threads.rows[i];
	}
	fail_msg("no such thread");
	return NULL;
}

static inline const struct rival *rival(const char *comm, bool of_target)
{
	for (uint32_t i = 0; i < m->switches.names.nr; i++) {
		if (!strcmp(m->switches.names.names[i], comm))
			return &m->switches.rivals.rival[i][of_target];
	}
	fail_msg("no such rival");
	return NULL;
}

static inline void assert_accounts(const struct thread *t, uint64_t on_cpu, uint64_t run_queue, uint64_t throttled,
				   uint64_t sleep, uint64_t unknown)
{
	assert_int_equal(t->acc.on_cpu_ns, on_cpu);
	assert_int_equal(t->acc.run_queue_ns, run_queue);
	assert_int_equal(t->acc.throttled_ns, throttled);
	assert_int_equal(t->acc.sleep_ns, sleep);
	assert_int_equal(t->acc.unknown_ns, unknown);
	assert_int_equal(t->last_ns - t->born_ns, on_cpu + run_queue + throttled + sleep + unknown);
}

#endif /* TEST_MODEL_EVENTS_H */
