// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "thread.h"

void threads__init(struct threads *ts)
{
	memset(ts, 0, sizeof(*ts));
	table__init(&ts->by_tid, THREADS_MAX_LIVE);
	table__init(&ts->ended, THREADS_MAX_EXITED);
	table__init(&ts->fold_of, THREADS_MAX_FOLDS);
	births__init(&ts->births);
	ts->max_exited = THREADS_MAX_EXITED;
	ts->max_folds = THREADS_MAX_FOLDS;
}

void threads__free(struct threads *ts)
{
	for (uint32_t i = 0; i < ts->nr_rows; i++)
		free(ts->rows[i]);
	while (ts->free) {
		struct thread *t = ts->free;

		ts->free = t->next_free;
		free(t);
	}
	free(ts->rows);
	free(ts->folds);
	table__free(&ts->by_tid);
	table__free(&ts->ended);
	table__free(&ts->fold_of);
	births__free(&ts->births);
}

struct thread *threads__find(const struct threads *ts, uint32_t tid)
{
	uint64_t *slot = table__find(&ts->by_tid, tid);

	return slot ? (struct thread *)(uintptr_t)*slot : NULL;
}

struct thread *threads__last(const struct threads *ts, uint32_t tid)
{
	struct thread *t = threads__find(ts, tid);
	uint64_t *slot = t ? NULL : table__find(&ts->ended, tid);

	return slot ? (struct thread *)(uintptr_t)*slot : t;
}

uint64_t threads__process(const struct threads *ts, const struct thread *t)
{
	return births__at(&ts->births, t->tgid, t->born_ns);
}

const struct thread_fold *threads__folded(const struct threads *ts, uint64_t process)
{
	uint64_t *slot = table__find(&ts->fold_of, process);

	return slot ? &ts->folds[*slot] : NULL;
}

struct thread *threads__add(struct threads *ts, uint32_t tid, uint64_t ts_ns)
{
	struct thread *t = threads__find(ts, tid);
	uint64_t *slot;

	if (t)
		threads__retire(ts, t);
	if (ARRAY_GROW(ts->rows, ts->room_rows, ts->nr_rows + 1))
		return NULL;
	t = ts->free ? ts->free : malloc(sizeof(*t));
	if (!t)
		return NULL;
	if (t == ts->free)
		ts->free = t->next_free;
	memset(t, 0, sizeof(*t));
	slot = table__add(&ts->by_tid, tid);
	if (!slot) {
		t->next_free = ts->free;
		ts->free = t;
		return NULL;
	}
	*slot = (uintptr_t)t;
	t->tid = t->tgid = tid;
	t->fresh = true;
	t->born_ns = t->last_ns = ts_ns;
	t->row = ts->nr_rows;
	ts->rows[ts->nr_rows++] = t;
	ts->nr_seen++;
	return t;
}

void accounts__add(struct accounts *to, const struct accounts *a)
{
	to->voluntary += a->voluntary;
	to->involuntary += a->involuntary;
	to->migrations += a->migrations;
	to->on_cpu_ns += a->on_cpu_ns;
	to->stolen_ns += a->stolen_ns;
	to->early_ns += a->early_ns;
	to->run_queue_ns += a->run_queue_ns;
	to->throttled_ns += a->throttled_ns;
	to->sleep_ns += a->sleep_ns;
	to->unknown_ns += a->unknown_ns;
	to->inconsistent += a->inconsistent;
	to->waited_ns += a->waited_ns;
	to->minor_faults += a->minor_faults;
	to->major_faults += a->major_faults;
}

/* NULL if out of memory. */
static struct thread_fold *threads__fold_of(struct threads *ts, uint64_t process)
{
	uint64_t *slot = table__find(&ts->fold_of, process);

	if (slot)
		return &ts->folds[*slot];
	/* one entry is reserved for all processes without their own */
	if (process && ts->nr_folds >= ts->max_folds - 1)
		return threads__fold_of(ts, 0);
	if (ARRAY_GROW(ts->folds, ts->room_folds, ts->nr_folds + 1))
		return NULL;
	slot = table__add(&ts->fold_of, process);
	if (!slot)
		return NULL;
	*slot = ts->nr_folds;
	ts->folds[ts->nr_folds] = (struct thread_fold){
		.process = process,
		.sum = { .tgid = process__pid(process), .exited = true },
	};
	return &ts->folds[ts->nr_folds++];
}

/* Returns false if @t must keep its row. */
static bool threads__fold(struct threads *ts, const struct thread *t)
{
	struct thread_fold *f = threads__fold_of(ts, threads__process(ts, t));

	if (!f)
		return false;
	accounts__add(&f->sum.acc, &t->acc);
	f->sum.last_ns += t->last_ns - t->born_ns;
	f->nr++;
	if (f->sum.tgid && t->tid == t->tgid && !f->sum.start_ns)
		f->sum.start_ns = t->start_ns;
	/* first threads have the process's name */
	if (f->sum.tgid && t->comm[0] && (t->tid == t->tgid || !f->sum.tid)) {
		memcpy(f->sum.comm, t->comm, sizeof(f->sum.comm));
		f->sum.tid = t->tid == t->tgid ? t->tid : 0;
	}
	return true;
}

void threads__retire(struct threads *ts, struct thread *t)
{
	uint64_t *last;

	threads__compare(ts, t);
	table__delete(&ts->by_tid, t->tid);
	t->exited = true;
	if (ts->on_end) {
		ts->on_end(ts->on_end_ctx, t);
	} else if (ts->nr_exited < ts->max_exited || !threads__fold(ts, t)) {
		ts->nr_exited++;
		last = table__add(&ts->ended, t->tid);
		if (last)
			*last = (uintptr_t)t;
		return;
	}
	ts->rows[t->row] = ts->rows[--ts->nr_rows];
	ts->rows[t->row]->row = t->row;
	t->next_free = ts->free;
	ts->free = t;
}

int threads__renumber(struct threads *ts, struct thread *t, uint32_t tid)
{
	struct thread *other = threads__find(ts, tid);
	const struct thread *last = threads__last(ts, tid);
	uint64_t *slot, *left;

	if (other == t)
		return 0;
	/* as in the kernel: it is as old as its process (fs/exec.c, de_thread()) */
	if (last && last->tgid == t->tgid && last->start_ns)
		t->start_ns = last->start_ns;
	left = table__find(&ts->by_tid, t->tid);
	if (other && !other->exiting && left) { /* its last switch is still to come, under the other number */
		*left = (uintptr_t)other;
		other->tid = t->tid;
	} else {
		if (other)
			threads__retire(ts, other);
		table__delete(&ts->by_tid, t->tid);
	}
	slot = table__add(&ts->by_tid, tid);
	if (!slot) {
		threads__retire(ts, t);
		return -ENOMEM;
	}
	*slot = (uintptr_t)t;
	t->tid = tid;
	return 0;
}

void thread__set_comm(struct thread *t, const char *comm)
{
	t->comm[0] = '\0';
	strncat(t->comm, comm, TARE_COMM_LEN);
}

uint64_t thread__advance(struct thread *t, uint64_t ts_ns)
{
	uint64_t elapsed = ts_ns > t->last_ns ? ts_ns - t->last_ns : 0;

	t->last_ns += elapsed;
	return elapsed;
}

void thread__check_at(struct thread *t, uint64_t ts_ns, const struct kernel_counters *now)
{
	if (t->origin == THREAD_SEEN)
		return; /* what it did before it was first seen is unknown */
	t->last = *now;
	t->checked_ns = ts_ns;
	t->check_due = true;
}

static uint64_t since(uint64_t now, uint64_t base)
{
	return now > base ? now - base : 0;
}

void threads__compare(struct threads *ts, struct thread *t)
{
	struct check *c = &ts->check;
	uint64_t voluntary, involuntary, kernel, counted, on_cpu = t->acc.on_cpu_ns;

	if (!t->check_due)
		return;
	t->check_due = false;
	voluntary = since(t->last.nvcsw, t->base.nvcsw);
	involuntary = since(t->last.nivcsw, t->base.nivcsw);
	kernel = voluntary + involuntary;
	counted = t->acc.voluntary + t->acc.involuntary;
	c->threads++;
	c->agree += voluntary == t->acc.voluntary && involuntary == t->acc.involuntary;
	c->switches_missing += since(kernel, counted);
	c->switches_extra += since(counted, kernel);
	if (t->state == THREAD_ON)
		on_cpu += since(t->checked_ns, t->last_ns);
	c->on_cpu_ns += t->acc.stolen_ns > 0 ? since(on_cpu, t->acc.stolen_ns) : on_cpu - t->acc.stolen_ns;
	c->kernel_on_cpu_ns += since(t->last.exec_ns, t->base.exec_ns);
	if (t->last.minor_faults != TARE_UNKNOWN && t->base.minor_faults != TARE_UNKNOWN) {
		c->fault_threads++;
		t->acc.minor_faults = since(t->last.minor_faults, t->base.minor_faults);
		t->acc.major_faults = since(t->last.major_faults, t->base.major_faults);
	}
	if (t->last.run_delay_ns == TARE_UNKNOWN || t->base.run_delay_ns == TARE_UNKNOWN)
		return;
	c->wait_threads++;
	c->wait_ns += t->acc.waited_ns;
	c->kernel_wait_ns += since(t->last.run_delay_ns, t->base.run_delay_ns);
}

void threads__total(const struct threads *ts, struct accounts *total)
{
	*total = (struct accounts){ 0 };
	for (uint32_t i = 0; i < ts->nr_folds; i++)
		accounts__add(total, &ts->folds[i].sum.acc);
	for (uint32_t i = 0; i < ts->nr_rows; i++)
		accounts__add(total, &ts->rows[i]->acc);
}
