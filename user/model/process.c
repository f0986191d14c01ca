// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "process.h"

struct process_list {
	struct process_row *rows;
	struct table by_pid;	/* to 1 + index */
	int nr, room;
};

static struct process_row *list__row(struct process_list *l, uint32_t pid)
{
	uint64_t *slot = table__add(&l->by_pid, pid);

	if (!slot)
		return NULL;
	if (*slot)
		return &l->rows[*slot - 1];
	if (ARRAY_GROW(l->rows, l->room, l->nr + 1))
		return NULL;
	*slot = l->nr + 1;
	l->rows[l->nr] = (struct process_row){ .pid = pid };
	return &l->rows[l->nr++];
}

static int list__add(struct process_list *l, const struct thread *t, uint64_t threads)
{
	struct process_row *r = list__row(l, t->tgid);

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
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* First threads have the name; without one any thread's serves. */
static void list__name(struct process_list *l, const struct threads *ts)
{
	for (int first = 0; first < 2; first++) {
		for (uint32_t i = 0; i < ts->nr_folds; i++)
			if (!first || ts->folds[i].sum.tid)
				strcpy(list__row(l, ts->folds[i].sum.tgid)->comm, ts->folds[i].sum.comm);
		for (uint32_t i = 0; i < ts->nr_rows; i++)
			if ((!first || ts->rows[i]->tid == ts->rows[i]->tgid) && ts->rows[i]->comm[0])
				strcpy(list__row(l, ts->rows[i]->tgid)->comm, ts->rows[i]->comm);
	}
}

int model__processes(const struct model *m, struct process_row **rows)
{
	const struct threads *ts = &m->switches.threads;
	struct process_list l = { 0 };
	int err = 0;

	table__init(&l.by_pid, THREADS_MAX_LIVE);
	for (uint32_t i = 0; i < ts->nr_rows && !err; i++)
		err = list__add(&l, ts->rows[i], 1);
	for (uint32_t i = 0; i < ts->nr_folds && !err; i++)
		err = list__add(&l, &ts->folds[i].sum, ts->folds[i].nr);
	if (!err)
		list__name(&l, ts);
	for (unsigned i = 0; i < m->pauses.nr_by_process && !err; i++) {
		struct process_row *r = list__row(&l, m->pauses.by_process[i].pid);

		err = r ? 0 : -ENOMEM;
		if (r) {
			r->tells_pauses = true;
			r->pauses = m->pauses.by_process[i];
		}
	}
	for (int i = 0; i < l.nr && !err; i++)
		counters__of(&m->counters, l.rows[i].pid, &l.rows[i].counters);
	table__free(&l.by_pid);
	if (err) {
		free(l.rows);
		return err;
	}
	if (l.nr)
		qsort(l.rows, l.nr, sizeof(*l.rows), by_cpu);
	*rows = l.rows;
	return l.nr;
}

const char *model__process_name(const struct model *m, uint32_t pid)
{
	const struct threads *ts = &m->switches.threads;
	const struct thread *first = threads__last(ts, pid);
	const struct thread_fold *fold = threads__folded(ts, pid);

	/* rows are given to those that end first: a first thread in the fold ended after one that has a row */
	if (first && first->exited && fold && fold->sum.tid)
		return fold->sum.comm;
	if (first && first->tgid == pid && first->comm[0])
		return first->comm;
	return pid && fold ? fold->sum.comm : "";
}

uint32_t model__process_of(const struct model *m, uint32_t tid)
{
	const struct thread *t = threads__last(&m->switches.threads, tid);

	return t ? t->tgid : 0;
}
