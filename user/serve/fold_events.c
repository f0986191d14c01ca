// SPDX-License-Identifier: BSD-2-Clause
/* What each kind of event adds to the sums. */
#include <errno.h>
#include <string.h>

#include "fold_impl.h"
#include "loss.h"

static int fold_header(struct fold *f, const struct event *ev)
{
	f->switches.arch = ev->header->arch;
	f->began = true;
	return 0;
}

static int fold_switch(struct fold *f, const struct event *ev)
{
	const struct event_switch *sw = &ev->sw;
	const struct thread *t;
	struct served *p;
	int ret = switches__switch(&f->switches, ev);

	if (ret || !sw->next_target || !sw->has_wait)
		return ret;
	t = threads__find(&f->switches.threads, sw->next_tid);
	p = t ? fold__process_of(f, t) : NULL;
	if (p)
		buckets__add(&p->series->run_queue,
			     sw->wait_ns > sw->throttled_ns ? sw->wait_ns - sw->throttled_ns : 0);
	return 0;
}

static int fold_task(struct fold *f, const struct event *ev)
{
	int ret = switches__task(&f->switches, ev);

	return ret || processes__get(&f->processes, ev->task->tgid) ? ret : -ENOMEM;
}

/*
 * The id may have been another process's, of which nothing more can come. But what the recorder read and named comes
 * ahead of the events of its round: a reading may be of the new one already.
 */
static void is_born(struct fold *f, const struct event *ev)
{
	struct thread *t = threads__find(&f->switches.threads, ev->fork.tid);
	struct served *p = processes__find(&f->processes, ev->fork.tgid);
	struct tare_counters last = { 0 };

	if (t && ev->ts_ns < t->born_ns)
		return;
	if (t)
		threads__retire(&f->switches.threads, t);
	if (p) {
		last = p->last;
		fold__end_process(f, p);
	}
	p = processes__born(&f->processes, ev->fork.tgid, ev->fork.parent_tgid);
	if (p && last.ts_ns > ev->ts_ns) {
		p->last = last;
		p->has_last = true;
	}
}

static int fold_fork(struct fold *f, const struct event *ev)
{
	bool found = ev->fork.tid == ev->fork.parent_tid;

	if (ev->fork.tid == ev->fork.tgid && !found)
		is_born(f, ev);
	else if (found)
		processes__get(&f->processes, ev->fork.tgid);
	return switches__fork(&f->switches, ev);
}

static int fold_exec(struct fold *f, const struct event *ev)
{
	int ret = switches__exec(&f->switches, ev);
	struct thread *t = threads__find(&f->switches.threads, ev->exec.tid);
	struct served *p = t ? processes__get(&f->processes, ev->exec.tid) : NULL;

	if (!p)
		return ret;
	if (p->last.ts_ns < ev->ts_ns)
		p->has_last = false;
	processes__renamed(&f->processes, p, ev->exec.comm, true);
	return ret;
}

static int fold_rename(struct fold *f, const struct event *ev)
{
	struct served *p = ev->name.tid == ev->name.tgid ? processes__find(&f->processes, ev->name.tgid) : NULL;

	if (p)
		processes__renamed(&f->processes, p, ev->name.comm, false);
	return switches__rename(&f->switches, ev);
}

static int fold_exit(struct fold *f, const struct event *ev)
{
	struct served *p = processes__find(&f->processes, ev->exit.tgid);

	if (p && ev->exit.minor_faults != TARE_UNKNOWN) {
		p->ended_minor_faults += ev->exit.minor_faults;
		p->ended_major_faults += ev->exit.major_faults;
	}
	return switches__exit(&f->switches, ev);
}

static int fold_fault(struct fold *f, const struct event *ev)
{
	struct thread *t = threads__find(&f->switches.threads, ev->fault.tid);

	if (t)
		t->fault_address = ev->fault.address;
	return 0;
}

static int fold_migrate(struct fold *f, const struct event *ev)
{
	return switches__migrate(&f->switches, ev);
}

static int fold_stop(struct fold *f, const struct event *ev)
{
	return switches__stop(&f->switches, ev);
}

static int fold_counters(struct fold *f, const struct event *ev)
{
	processes__counters(&f->processes, &ev->counters);
	return 0;
}

static int fold_number_name(struct fold *f, const struct event *ev)
{
	runtime_names__event(&f->names, ev);
	return 0;
}

static int fold_loss(struct fold *f, const struct event *ev)
{
	if (ev->loss->cls < TARE_NR_LOST)
		loss__grown(&f->loss, ev->loss);
	return 0;
}

static int fold_probe(struct fold *f, const struct event *ev)
{
	unsigned i = 0;

	while (i < f->nr_probes && strncmp(f->probes[i].name, ev->probe->name, sizeof(ev->probe->name)))
		i++;
	if (i == FOLD_MAX_PROBES)
		return 0;
	f->probes[i] = *ev->probe;
	f->nr_probes += i == f->nr_probes;
	return 0;
}

static int (*const folds[NR_EVENTS])(struct fold *f, const struct event *ev) = {
	[EVENT_HEADER] = fold_header, [EVENT_SWITCH] = fold_switch,	[EVENT_TASK] = fold_task,
	[EVENT_FORK] = fold_fork,     [EVENT_EXEC] = fold_exec,		[EVENT_RENAME] = fold_rename,
	[EVENT_EXIT] = fold_exit,     [EVENT_MIGRATE] = fold_migrate,	[EVENT_STOP] = fold_stop,
	[EVENT_FAULT] = fold_fault,   [EVENT_COUNTERS] = fold_counters, [EVENT_NUMBER_NAME] = fold_number_name,
	[EVENT_LOSS] = fold_loss,     [EVENT_PROBE] = fold_probe,
};

int fold__of_event(struct fold *f, const struct event *ev)
{
	return folds[ev->kind] ? folds[ev->kind](f, ev) : 0;
}
