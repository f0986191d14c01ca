// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "fold_impl.h"
#include "pid_ns.h"
#include "probe_cost.h"
#include "proc.h"
#include "util.h"

#define LOOK_NS	      NSEC_PER_SEC
#define EMPTY_LOOKS   2			 /* what is still to come of a process without threads has come then */
#define MISSING_LOOKS 3			 /* likewise of one that is gone: its end was lost */
#define STUCK_NS      (5 * NSEC_PER_SEC) /* who is on a CPU for so long may have left it: that was lost */
#define MAX_LOSS_ROWS (TARE_NR_LOST * MODEL_MAX_CPUS)

/* ---- threads into processes ---- */

struct served *fold__process_of(struct fold *f, const struct thread *t)
{
	return t->origin == THREAD_SEEN ? processes__find(&f->processes, t->tgid) :
					  processes__get(&f->processes, t->tgid);
}

void fold__take(struct served *p, struct accounts *acc)
{
	if (!p)
		return;
	accounts__add(&p->series->acc, acc);
	*acc = (struct accounts){ 0 };
}

static void on_thread_end(void *ctx, const struct thread *t)
{
	struct fold *f = ctx;
	struct accounts acc = t->acc;

	fold__take(fold__process_of(f, t), &acc);
}

/* What began before @now_ns and has not ended. */
static void note_open(struct served *p, const struct thread *t, uint64_t now_ns)
{
	uint64_t ns = now_ns > t->last_ns ? now_ns - t->last_ns : 0;

	if (t->state == THREAD_ON && !t->exiting)
		p->open_ns += ns;
	else if (t->state == THREAD_OFF && t->runnable && t->reason == REASON_THROTTLED)
		p->open_throttled_ns += ns;
	else if (t->state == THREAD_OFF && t->runnable)
		p->open_wait_ns += ns;
}

/*
 * What it has begun so far was told of the series that it leaves, and stays there: the next one gets the whole
 * interval, however that ends, less this.
 */
static void on_leave(void *ctx, struct served *p)
{
	struct fold *f = ctx;

	for (uint32_t i = 0; i < f->switches.threads.nr_rows; i++) {
		struct thread *t = f->switches.threads.rows[i];
		struct served open = { 0 };

		if (t->tgid != p->pid)
			continue;
		note_open(&open, t, f->now_ns);
		t->acc.on_cpu_ns += open.open_ns;
		t->acc.run_queue_ns += open.open_wait_ns;
		t->acc.throttled_ns += open.open_throttled_ns;
		fold__take(p, &t->acc);
		t->acc.on_cpu_ns -= open.open_ns;
		t->acc.run_queue_ns -= open.open_wait_ns;
		t->acc.throttled_ns -= open.open_throttled_ns;
	}
}

static void clear_levels(struct served *p)
{
	p->threads = p->open_ns = p->open_wait_ns = p->open_throttled_ns = 0;
}

static void each_process(struct fold *f, void (*visit)(struct served *p))
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&f->processes.by_pid, &pos)))
		visit((struct served *)(uintptr_t)slot->value);
}

static void clear_series(struct series *s)
{
	s->threads = s->heap_bytes = s->resident_bytes = 0;
	s->open_ns = s->open_wait_ns = s->open_throttled_ns = 0;
}

static void add_levels(struct served *p)
{
	struct series *s = p->series;

	s->threads += p->threads;
	s->heap_bytes += p->heap_bytes;
	s->resident_bytes += p->threads ? p->resident_bytes : 0;
	s->open_ns += p->open_ns;
	s->open_wait_ns += p->open_wait_ns;
	s->open_throttled_ns += p->open_throttled_ns;
}

void fold__settle(struct fold *f)
{
	struct all_series *all = &f->processes.series;

	each_process(f, clear_levels);
	for (uint32_t i = 0; i < f->switches.threads.nr_rows; i++) {
		struct thread *t = f->switches.threads.rows[i];
		struct served *p = fold__process_of(f, t);

		if (!p)
			continue;
		fold__take(p, &t->acc);
		note_open(p, t, f->now_ns);
		p->threads++;
	}
	clear_series(&all->other);
	for (uint32_t i = 0; i < all->nr; i++)
		clear_series(all->at[i]);
	each_process(f, add_levels);
}

void fold__end_process(struct fold *f, struct served *p)
{
	pauses__forget(&f->pauses, p->pid);
	processes__end(&f->processes, p, f->now_ns);
}

/* Returns one that is gone, or NULL. */
static struct served *find_ended(const struct fold *f)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&f->processes.by_pid, &pos))) {
		struct served *p = (struct served *)(uintptr_t)slot->value;

		if (p->empty >= EMPTY_LOOKS)
			return p;
	}
	return NULL;
}

/* Does it sleep, or is it gone, by what /proc says of it? */
static bool is_off(const struct thread *t)
{
	char name[32], buf[512], *end;
	ssize_t n;

	snprintf(name, sizeof(name), "task/%d/stat", pid_ns__here(t->tid));
	n = proc__read(t->tgid, name, buf, sizeof(buf));
	end = n > 0 ? strrchr(buf, ')') : NULL;
	return n == -ESRCH || n == -ENOENT || (end && end[1] == ' ' && strchr("SDTtIZX", end[2]));
}

/*
 * Where the event was lost that a thread has left its CPU, or has ended, it would go on for ever. Events are some
 * tenths of a second behind /proc: so it must be off at two looks with none in between.
 */
static void forget_lost(struct fold *f)
{
	for (uint32_t i = f->switches.threads.nr_rows; i-- > 0;) {
		struct thread *t = f->switches.threads.rows[i];
		const struct served *p = processes__find(&f->processes, t->tgid);

		if (p && p->missing >= MISSING_LOOKS) {
			threads__retire(&f->switches.threads, t);
			continue;
		}
		if (t->state != THREAD_ON || f->now_ns <= t->last_ns + STUCK_NS || !is_off(t))
			continue;
		if (t->off_at_ns == t->last_ns)
			t->state = THREAD_LOST;
		t->off_at_ns = t->last_ns;
	}
}

/* Once a second. */
static void fold__look(struct fold *f)
{
	const struct table_slot *slot;
	struct served *p;
	size_t pos = 0;

	fold__settle(f);
	while ((slot = table__next(&f->processes.by_pid, &pos))) {
		p = (struct served *)(uintptr_t)slot->value;
		p->empty = p->threads ? 0 : p->empty + 1;
		if (p->threads)
			processes__look(&f->processes, p);
	}
	forget_lost(f);
	while ((p = find_ended(f))) {
		runtime_names__forget(&f->names, p->pid);
		fold__end_process(f, p);
	}
}

static void fold__look_due(struct fold *f)
{
	if (f->now_ns < f->next_look_ns)
		return;
	f->next_look_ns = f->now_ns + LOOK_NS;
	fold__look(f);
}

/* ---- the stream ---- */

/* As the model does: who had a CPU before is asked by both folds, and pauses need the states before this event. */
static int fold__event(void *ctx, const struct event *ev)
{
	struct fold *f = ctx;
	int ret = 0;

	if (ev->kind >= NR_EVENTS)
		return 0;
	pthread_mutex_lock(&f->lock);
	/* descriptions are ahead of what the rings hold */
	if (ev->kind >= EVENT_SWITCH && ev->ts_ns > f->now_ns)
		f->now_ns = ev->ts_ns;
	if (ev->kind == EVENT_SWITCH)
		ret = cpu_history__switch(&f->switches.history, &f->switches.names, ev);
	if (ev->kind != EVENT_STACKED) /* no stack is kept here */
		ret = ret ?: pauses__event(&f->pauses, ev);
	ret = ret ?: fold__of_event(f, ev);
	fold__look_due(f);
	pthread_mutex_unlock(&f->lock);
	return ret;
}

static void fold__now(struct fold *f, uint64_t now_ns)
{
	if (now_ns > f->now_ns)
		f->now_ns = now_ns;
	fold__look_due(f);
}

static void fold__rest(void *ctx, uint64_t complete_ns)
{
	struct fold *f = ctx;

	pthread_mutex_lock(&f->lock);
	fold__now(f, complete_ns);
	pthread_mutex_unlock(&f->lock);
}

static void fold__idle(void *ctx, uint64_t now_ns)
{
	struct fold *f = ctx;

	pthread_mutex_lock(&f->lock);
	pauses__settle_due(&f->pauses, now_ns);
	fold__now(f, now_ns);
	pthread_mutex_unlock(&f->lock);
}

static void fold__finish(void *ctx)
{
}

struct stream_fold fold__stream(struct fold *f)
{
	return (struct stream_fold){
		.event = fold__event, .rest = fold__rest, .idle = fold__idle, .finish = fold__finish, .ctx = f
	};
}

static bool on_pause(void *ctx, const struct pause *pause)
{
	struct fold *f = ctx;
	struct served *p = processes__find(&f->processes, pause->tgid);

	if (p)
		series__pause(p->series, pause);
	if (p && f->on_pause)
		f->on_pause(f->ctx, p, pause);
	return false; /* none is kept: their number is unbounded here */
}

/* ---- */

struct fold *fold__new(uint32_t limit, bool label_pid)
{
	struct fold *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->since_ns = now_ns();
	pthread_mutex_init(&f->lock, NULL);
	switches__init(&f->switches);
	f->switches.threads.on_end = on_thread_end;
	f->switches.threads.on_end_ctx = f;
	f->switches.threads.births.only_last = true;
	f->switches.history.is_short = true;
	runtime_names__init(&f->names);
	pauses__init(&f->pauses, &f->switches, &f->names, &f->stacks);
	f->pauses.accept = on_pause;
	f->pauses.accept_ctx = f;
	processes__init(&f->processes, limit, label_pid);
	f->processes.on_leave = on_leave;
	f->processes.on_leave_ctx = f;
	table__init(&f->loss, MAX_LOSS_ROWS);
	return f;
}

void fold__free(struct fold *f)
{
	if (!f)
		return;
	f->pauses.accept = NULL;
	pauses__free(&f->pauses);
	switches__free(&f->switches);
	runtime_names__free(&f->names);
	processes__free(&f->processes);
	table__free(&f->loss);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

uint64_t fold__lost(const struct fold *f, unsigned cls)
{
	const struct table_slot *slot;
	uint64_t total = 0;
	size_t pos = 0;

	while ((slot = table__next(&f->loss, &pos)))
		total += slot->key >> 32 == cls ? slot->value : 0;
	return total;
}

uint64_t fold__probes_ns(struct fold *f)
{
	double ns = 0;

	for (unsigned i = 0; i < f->nr_probes; i++) {
		const struct tare_probe *p = &f->probes[i];

		if (strncmp(p->name, TARE_PROBE_HOLD, strlen(TARE_PROBE_HOLD)))
			ns += probe_cost__ns(p);
	}
	/* an estimate gets better, a counter does not go back */
	if (ns > f->told_probes_ns)
		f->told_probes_ns = ns;
	return f->told_probes_ns;
}
