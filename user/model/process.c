// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "process.h"

struct process_list {
	struct process_row *rows;
	struct table by_process; /* to 1 + index */
	int nr, room;
};

static struct process_row *list__row(struct process_list *l, uint64_t process)
{
	uint64_t *slot = table__add(&l->by_process, process);

	if (!slot)
		return NULL;
	if (*slot)
		return &l->rows[*slot - 1];
	if (ARRAY_GROW(l->rows, l->room, l->nr + 1))
		return NULL;
	*slot = l->nr + 1;
	l->rows[l->nr] = (struct process_row){ .process = process, .pid = process__pid(process) };
	return &l->rows[l->nr++];
}

static int list__add(struct process_list *l, uint64_t process, const struct thread *t, uint64_t threads)
{
	struct process_row *r = list__row(l, process);

	if (!r)
		return -ENOMEM;
	r->threads += threads;
	accounts__add(&r->acc, &t->acc);
	return 0;
}

static int by_cpu(const void *a, const void *b)
{
	const struct process_row *x = a, *y = b;

	if (x->acc.on_cpu_ns != y->acc.on_cpu_ns)
		return x->acc.on_cpu_ns < y->acc.on_cpu_ns ? 1 : -1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->process < y->process ? -1 : x->process > y->process;
}

static void row__name(struct process_row *row, const char *comm)
{
	if (row)
		strcpy(row->comm, comm);
}

/* The first thread has the process's name; without one any thread's will do. */
static void list__name(struct process_list *l, const struct threads *ts)
{
	for (int first = 0; first < 2; first++) {
		for (uint32_t i = 0; i < ts->nr_folds; i++)
			if (!first || ts->folds[i].sum.tid)
				row__name(list__row(l, ts->folds[i].process), ts->folds[i].sum.comm);
		for (uint32_t i = 0; i < ts->nr_rows; i++)
			if ((!first || ts->rows[i]->tid == ts->rows[i]->tgid) && ts->rows[i]->comm[0])
				row__name(list__row(l, threads__process(ts, ts->rows[i])), ts->rows[i]->comm);
	}
}

static void list__born(struct process_list *l, uint64_t process, uint64_t start_ns)
{
	struct process_row *r = list__row(l, process);

	if (start_ns && (!r->born_ns || start_ns < r->born_ns))
		r->born_ns = start_ns;
}

static void list__births(struct process_list *l, const struct threads *ts)
{
	for (uint32_t i = 0; i < ts->nr_folds; i++)
		list__born(l, ts->folds[i].process, ts->folds[i].sum.start_ns);
	for (uint32_t i = 0; i < ts->nr_rows; i++)
		if (ts->rows[i]->tid == ts->rows[i]->tgid)
			list__born(l, threads__process(ts, ts->rows[i]), ts->rows[i]->start_ns);
}

int model__processes(const struct model *m, struct process_row **rows)
{
	const struct threads *ts = &m->switches.threads;
	struct process_list l = { 0 };
	int err = 0;

	table__init(&l.by_process, THREADS_MAX_LIVE);
	for (uint32_t i = 0; i < ts->nr_rows && !err; i++)
		err = list__add(&l, threads__process(ts, ts->rows[i]), ts->rows[i], 1);
	for (uint32_t i = 0; i < ts->nr_folds && !err; i++)
		err = list__add(&l, ts->folds[i].process, &ts->folds[i].sum, ts->folds[i].nr);
	if (!err) {
		list__name(&l, ts);
		list__births(&l, ts);
	}
	for (unsigned i = 0; i < m->pauses.nr_by_process && !err; i++) {
		struct process_row *r = list__row(&l, m->pauses.by_process[i].process);

		err = r ? 0 : -ENOMEM;
		if (r) {
			r->tells_pauses = true;
			r->pauses = m->pauses.by_process[i];
		}
	}
	for (int i = 0; i < l.nr && !err; i++)
		runtime_counters__of(&m->counters, l.rows[i].process, &l.rows[i].counters);
	table__free(&l.by_process);
	if (err) {
		free(l.rows);
		return err;
	}
	if (l.nr)
		qsort(l.rows, l.nr, sizeof(*l.rows), by_cpu);
	*rows = l.rows;
	return l.nr;
}

/* The thread @tid that existed at @ts_ns, or the last one with that tid in @process (0: any); NULL: it has no row. */
static const struct thread *model__thread(const struct model *m, uint32_t tid, uint64_t ts_ns, uint64_t process)
{
	const struct threads *ts = &m->switches.threads;
	const struct thread *t = threads__last(ts, tid), *found = NULL;

	if (t && t->born_ns <= ts_ns && (!process || threads__process(ts, t) == process))
		return t;
	for (uint32_t i = 0; t && i < ts->nr_rows; i++) {
		t = ts->rows[i];
		if (t->tid == tid && t->born_ns <= ts_ns && (!process || threads__process(ts, t) == process) &&
		    (!found || t->born_ns > found->born_ns))
			found = t;
	}
	return found;
}

const char *model__process_name(const struct model *m, uint64_t process)
{
	uint32_t pid = process__pid(process);
	const struct thread *first = model__thread(m, pid, UINT64_MAX, process);
	const struct thread_fold *fold = threads__folded(&m->switches.threads, process);

	/* rows go to those that end first, so a first thread in the fold ended after one with a row */
	if (first && first->exited && fold && fold->sum.tid)
		return fold->sum.comm;
	if (first && first->tgid == pid && first->comm[0])
		return first->comm;
	return pid && fold ? fold->sum.comm : "";
}

uint64_t model__process_born_ns(const struct model *m, uint64_t process)
{
	uint64_t born_ns = births__born_ns(&m->switches.threads.births, process);
	const struct thread *first = born_ns ? NULL : model__thread(m, process__pid(process), UINT64_MAX, process);
	const struct thread_fold *fold = threads__folded(&m->switches.threads, process);

	if (first && first->start_ns)
		return first->start_ns;
	return born_ns ?: fold ? fold->sum.start_ns : 0;
}

uint64_t model__process_of(const struct model *m, uint32_t tid, uint64_t ts_ns)
{
	const struct thread *t = model__thread(m, tid, ts_ns, 0);

	return t ? threads__process(&m->switches.threads, t) : 0;
}
