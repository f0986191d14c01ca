// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "switch.h"

void switches__init(struct switches *s)
{
	memset(s, 0, sizeof(*s));
	threads__init(&s->threads);
	task_names__init(&s->names);
	table__init(&s->reason_ids, MAX_REASONS);
	for (s->nr_reasons = 0; s->nr_reasons < REASON_SYSCALL; s->nr_reasons++)
		s->reasons[s->nr_reasons].kind = s->nr_reasons;
}

void switches__free(struct switches *s)
{
	threads__free(&s->threads);
	task_names__free(&s->names);
	cpu_history__free(&s->history);
	table__free(&s->reason_ids);
}

static uint32_t switches__syscall_reason(struct switches *s, uint16_t nr, bool compat)
{
	uint64_t key = (uint64_t)compat << 16 | nr, *index = table__find(&s->reason_ids, key);

	if (index)
		return *index;
	if (s->nr_reasons >= MAX_REASONS)
		return REASON_OTHER;
	index = table__add(&s->reason_ids, key);
	if (!index)
		return REASON_OTHER;
	s->reasons[s->nr_reasons] = (struct reason){ .kind = REASON_SYSCALL, .syscall = nr, .compat = compat };
	return *index = s->nr_reasons++;
}

uint32_t switches__blocked_reason(struct switches *s, uint8_t state, uint16_t syscall, bool compat)
{
	if (state == TARE_STATE_DEAD || state == TARE_STATE_ZOMBIE)
		return REASON_EXITED;
	if (state == TARE_STATE_STOPPED || state == TARE_STATE_TRACED)
		return REASON_STOPPED;
	if (state == TARE_STATE_FROZEN)
		return REASON_FROZEN;
	if (syscall == TARE_NO_SYSCALL)
		return REASON_PAGE_FAULT;
	return switches__syscall_reason(s, syscall, compat);
}

static bool is_yield(uint32_t arch, uint16_t syscall, bool compat)
{
	/* sched_yield, from the kernel's syscall tables: native and 32-bit */
	static const uint16_t yield[][2] = {
		[0] = { TARE_NO_SYSCALL, TARE_NO_SYSCALL },
		[TARE_ARCH_X86_64] = { 24, 158 },
		[TARE_ARCH_ARM64] = { 124, 158 },
	};

	if (arch >= sizeof(yield) / sizeof(yield[0]))
		arch = 0;
	return syscall != TARE_NO_SYSCALL && syscall == yield[arch][compat];
}

uint32_t switches__runnable_reason(const struct switches *s, uint16_t syscall, bool compat)
{
	return is_yield(s->arch, syscall, compat) ? REASON_YIELDED : REASON_PREEMPTED;
}

static uint32_t switches__reason(struct switches *s, const struct event_switch *sw)
{
	uint32_t stop = sw->voluntary ? switches__stopped_by(s, sw->prev_tid, sw->state) : REASON_OTHER;

	if (stop)
		return stop;
	if (sw->voluntary)
		return switches__blocked_reason(s, sw->state, sw->syscall, sw->compat);
	if (sw->state == TARE_STATE_THROTTLED)
		return REASON_THROTTLED;
	return switches__runnable_reason(s, sw->syscall, sw->compat);
}

/* Is time that is waited for a CPU the time of @reason itself? */
static bool is_wait(uint32_t reason)
{
	return reason == REASON_PREEMPTED || reason == REASON_YIELDED;
}

static void reason__add(struct reason *r, uint64_t ns)
{
	r->total_ns += ns;
	r->spans++;
	if (ns > r->max_ns)
		r->max_ns = ns;
}

/* Was @t on @cpu since its .last_ns, as far as is known? Then no other thread was counted there. */
static bool cpu__held(const struct cpu *cpu, const struct thread *t)
{
	if (t->state != THREAD_ON || t->last_ns < cpu->busy_until_ns)
		return false;
	if (cpu->known && cpu->is_target)
		return cpu->tid == t->tid;
	/* it came in before it was followed */
	return t->fresh;
}

static void cpu__charge(struct cpu *cpu, struct thread *t, uint64_t ns)
{
	t->acc.on_cpu_ns += ns;
	cpu->busy_ns += ns;
	if (t->last_ns > cpu->busy_until_ns)
		cpu->busy_until_ns = t->last_ns;
}

/* A task other than @cpu's target thread leaves it: the target thread left earlier, unseen. */
static void switches__lost_out(struct switches *s, struct cpu *cpu, uint64_t ts_ns)
{
	struct thread *t = threads__find(&s->threads, cpu->tid);

	cpu->is_target = false;
	if (!t || t->state != THREAD_ON || &s->cpus[t->cpu] != cpu || ts_ns < t->born_ns)
		return;
	t->state = THREAD_LOST;
	t->acc.inconsistent++;
}

/* When a thread other than the first calls exec, it takes over the first one's tid before EVENT_EXEC arrives. */
static struct thread *switches__took_over(struct switches *s, struct cpu *cpu, uint32_t tid)
{
	struct thread *t = cpu->is_target ? threads__find(&s->threads, cpu->tid) : NULL;

	if (!t || t->tgid != tid || t->state != THREAD_ON || threads__renumber(&s->threads, t, tid))
		return NULL;
	cpu->tid = tid;
	return t;
}

/* Target thread @tid of a switch on @cpu. NULL: its account begins later, or there is no room. */
static struct thread *switches__thread(struct switches *s, struct cpu *cpu, uint32_t tid, uint64_t ts_ns)
{
	struct thread *t = threads__find(&s->threads, tid);

	if (!t)
		t = switches__took_over(s, cpu, tid);
	if (!t)
		t = threads__add(&s->threads, tid, ts_ns);
	if (!t) {
		s->threads.untracked++;
		return NULL;
	}
	if (t->check_due && ts_ns > t->checked_ns)
		threads__compare(&s->threads, t);
	return ts_ns < t->born_ns ? NULL : t;
}

static void switches__out(struct switches *s, struct cpu *cpu, struct thread *t, const struct event *ev)
{
	const struct event_switch *sw = &ev->sw;
	bool held = cpu__held(cpu, t) && t->cpu == ev->cpu, whole = !t->fresh;
	uint64_t elapsed = thread__advance(t, ev->ts_ns);

	t->slice_ns = held ? elapsed : 0;
	if (held) {
		cpu__charge(cpu, t, elapsed);
		if (whole)
			hist__record(&s->slice, elapsed);
	} else {
		t->acc.unknown_ns += elapsed;
		/* the first snapshot is taken while threads run: being one step off is no loss */
		t->acc.inconsistent += t->state != THREAD_LOST && !t->fresh;
	}
	t->acc.voluntary += sw->voluntary;
	t->acc.involuntary += !sw->voluntary;
	t->acc.stolen_ns += sw->stolen_ns;
	t->reason = switches__reason(s, sw);
	t->stopping = 0;
	s->reasons[t->reason].count++;
	t->state = THREAD_OFF;
	/* with a signal pending the kernel counts a switch as voluntary but leaves the thread runnable */
	t->runnable = !sw->voluntary || sw->state == TARE_STATE_RUNNING;
	t->fresh = t->maybe_runnable = false;
	t->cpu = ev->cpu;
	t->placed = true;
	if (t->reason == REASON_EXITED) {
		task_names__forget(&s->names, t->tid);
		threads__retire(&s->threads, t);
	}
}

/*
 * For the kernel, a preempted thread's wait begins when preemption was decided, though it runs on until the interrupt
 * arrives. We follow the kernel, so that run-queue wait and charged time match /proc: the wait before the switch is
 * taken off the on-CPU time (and off the uncharged part of it).
 */
static uint64_t switches__early_wait(struct thread *t, const struct event_switch *sw, uint64_t elapsed)
{
	uint64_t early;

	if (t->state != THREAD_OFF || !sw->has_wait || sw->wait_ns <= elapsed)
		return 0;
	early = sw->wait_ns - elapsed;
	if (early > t->slice_ns)
		early = t->slice_ns;
	t->acc.on_cpu_ns -= early;
	t->acc.stolen_ns -= early;
	t->acc.early_ns += early;
	t->slice_ns = 0;
	return early;
}

/* Divide the time off CPU: wait as the kernel says, and the rest by its reason. */
static uint64_t switches__divide(struct switches *s, struct thread *t, const struct event_switch *sw, uint64_t elapsed)
{
	uint64_t wait = sw->has_wait ? sw->wait_ns : t->state == THREAD_OFF && t->runnable ? elapsed : 0;
	uint64_t rest, throttled = sw->throttled_ns, run_queue;

	wait = wait < elapsed ? wait : elapsed;
	rest = elapsed - wait;
	throttled = throttled < wait ? throttled : wait;
	run_queue = wait - throttled;
	t->acc.throttled_ns += throttled;
	t->acc.run_queue_ns += run_queue;
	if (throttled)
		reason__add(&s->reasons[REASON_THROTTLED], throttled);
	if (t->state != THREAD_OFF || t->runnable) {
		/* a switch was lost, or the kernel's clock was behind; its wait counts, so that sums match /proc */
		t->acc.unknown_ns += rest;
	} else {
		t->acc.sleep_ns += rest;
		reason__add(&s->reasons[t->reason], rest);
	}
	if (t->state == THREAD_OFF && is_wait(t->reason))
		reason__add(&s->reasons[t->reason], run_queue);
	return run_queue;
}

static void switches__in(struct switches *s, struct thread *t, const struct event *ev)
{
	const struct event_switch *sw = &ev->sw;
	uint64_t elapsed = thread__advance(t, ev->ts_ns), run_queue, latency;

	elapsed += switches__early_wait(t, sw, elapsed);
	run_queue = switches__divide(s, t, sw, elapsed);
	t->acc.inconsistent += t->state == THREAD_ON && !t->fresh;
	t->acc.migrations += t->placed && t->cpu != ev->cpu;
	if (sw->has_wait) {
		t->acc.waited_ns += sw->wait_ns;
		hist__record(&s->run_queue, sw->wait_ns - sw->throttled_ns);
	}
	if (sw->throttled_ns)
		hist__record(&s->throttled, sw->throttled_ns);
	if (sw->has_wake) {
		latency = sw->wait_ns + sw->wake_delay_ns;
		hist__record(&s->wake_latency, latency < sw->wait_ns ? UINT64_MAX : latency);
		rivals__wake(&s->rivals, ev, task_names__of(&s->names, sw->waker_tid),
			     threads__find(&s->threads, sw->waker_tid));
	}
	rivals__wait(&s->rivals, &s->history,
		     &(struct cpu_wait){ .tid = t->tid,
					 .cpu = ev->cpu,
					 .moves = &t->moves,
					 .from_ns = ev->ts_ns - run_queue,
					 .to_ns = ev->ts_ns });
	t->moves.count = 0;
	t->moves.forgot = false;
	t->state = THREAD_ON;
	t->fresh = t->maybe_runnable = false;
	t->cpu = ev->cpu;
	t->placed = true;
}

int switches__switch(struct switches *s, const struct event *at)
{
	struct event ev = *at;
	struct cpu *cpu;
	struct thread *t;

	if (ev.cpu >= MODEL_MAX_CPUS) {
		s->threads.untracked++;
		return 0;
	}
	cpu = &s->cpus[ev.cpu];
	if (ev.ts_ns < cpu->last_ns)
		ev.ts_ns = cpu->last_ns;
	cpu->last_ns = ev.ts_ns;
	if (ev.sw.throttled_ns > ev.sw.wait_ns)
		ev.sw.throttled_ns = ev.sw.wait_ns;
	if (ev.sw.last_cost_ns)
		hist__record(&s->direct_cost, ev.sw.last_cost_ns);
	if (ev.sw.prev_target) {
		t = switches__thread(s, cpu, ev.sw.prev_tid, ev.ts_ns);
		if (cpu->is_target && cpu->tid != ev.sw.prev_tid)
			switches__lost_out(s, cpu, ev.ts_ns);
		if (t)
			switches__out(s, cpu, t, &ev);
	} else if (cpu->is_target) {
		switches__lost_out(s, cpu, ev.ts_ns);
	}
	cpu->known = true;
	cpu->tid = ev.sw.next_tid;
	cpu->is_target = ev.sw.next_target;
	if (ev.sw.next_target) {
		t = switches__thread(s, cpu, ev.sw.next_tid, ev.ts_ns);
		if (t)
			switches__in(s, t, &ev);
	}
	return 0;
}

static void switches__finish_thread(struct switches *s, struct thread *t, uint64_t end_ns)
{
	struct cpu *cpu = &s->cpus[t->cpu];
	bool held = cpu__held(cpu, t);
	struct reason *reason = &s->reasons[t->reason];
	uint64_t elapsed = thread__advance(t, t->exiting && t->exit_ns < end_ns ? t->exit_ns : end_ns);

	if (held) {
		cpu__charge(cpu, t, elapsed);
		return;
	}
	if (t->state != THREAD_OFF || (!t->runnable && t->maybe_runnable)) {
		t->acc.unknown_ns += elapsed;
		return;
	}
	reason->still++;
	if (!t->runnable || is_wait(t->reason) || t->reason == REASON_THROTTLED)
		reason__add(reason, elapsed);
	if (t->reason == REASON_THROTTLED)
		t->acc.throttled_ns += elapsed;
	else if (t->runnable)
		t->acc.run_queue_ns += elapsed;
	else
		t->acc.sleep_ns += elapsed;
}

void switches__leave_out(struct switches *s, struct thread *t, uint64_t ts_ns)
{
	struct cpu *cpu = &s->cpus[t->cpu];

	switches__finish_thread(s, t, ts_ns);
	if (t->state == THREAD_ON && cpu->tid == t->tid)
		cpu->is_target = false;
	threads__retire(&s->threads, t);
}

void switches__finish(struct switches *s, uint64_t end_ns)
{
	for (uint32_t i = 0; i < s->threads.nr_rows; i++) {
		struct thread *t = s->threads.rows[i];

		if (t->exited)
			continue;
		threads__compare(&s->threads, t);
		switches__finish_thread(s, t, end_ns);
	}
}
