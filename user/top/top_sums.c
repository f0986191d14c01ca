// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "flight.h"
#include "process.h"
#include "report_rows.h"
#include "top_sums.h"
#include "util.h"

struct top_item *top_list__add(struct top_list *l)
{
	if (ARRAY_GROW(l->items, l->room, l->nr + 1))
		return NULL;
	l->items[l->nr] = (struct top_item){ .key = 0 };
	for (int i = 0; i < NR_TOP_FIGURES; i++)
		l->items[l->nr].v[i] = TARE_UNKNOWN;
	return &l->items[l->nr++];
}

void top_list__free(struct top_list *l)
{
	free(l->items);
	*l = (struct top_list){ 0 };
}

void top_sums__free(struct top_sums *s)
{
	for (int i = 0; i < NR_TOP_LISTS; i++)
		top_list__free(&s->lists[i]);
}

static void clean(const char *comm, char name[72])
{
	sanitize(comm[0] ? comm : "(no name)", comm[0] ? strlen(comm) : 9, name, 72);
}

static void set_accounts(struct top_item *it, const struct accounts *a)
{
	it->v[TOP_CPU] = accounts__charged_ns(a);
	it->v[TOP_SWITCHES] = a->voluntary + a->involuntary;
	it->v[TOP_RUN_QUEUE] = a->run_queue_ns;
	it->v[TOP_THROTTLED] = a->throttled_ns;
}

/* What @t has been in since its last switch is in no account yet: add it. */
static void add_open(struct top_item *it, const struct thread *t, uint64_t at_ns)
{
	uint64_t ns = at_ns > t->last_ns && !t->exited ? at_ns - t->last_ns : 0;

	if (t->state == THREAD_ON)
		it->v[TOP_CPU] += ns;
	else if (t->state == THREAD_OFF && t->reason == REASON_THROTTLED)
		it->v[TOP_THROTTLED] += ns;
	else if (t->state == THREAD_OFF && t->runnable)
		it->v[TOP_RUN_QUEUE] += ns;
}

static void describe_place(const struct model *m, const struct thread *t, char note[72])
{
	if (t->exited)
		snprintf(note, 72, "ended");
	else if (t->state == THREAD_ON)
		snprintf(note, 72, "on CPU %u", t->cpu);
	else if (t->state == THREAD_OFF)
		reason_name(m, &m->switches.reasons[t->reason], note, 72);
	else
		snprintf(note, 72, "not known");
}

static int take_threads(struct top_sums *s, const struct model *m)
{
	const struct threads *ts = &m->switches.threads;

	for (uint32_t i = 0; i < ts->nr_rows; i++) {
		const struct thread *t = ts->rows[i];
		struct top_item *it = top_list__add(&s->lists[TOP_LIST_THREADS]);

		if (!it)
			return -ENOMEM;
		it->key = it->id = t->tid;
		it->born_ns = t->born_ns;
		it->ended = t->exited;
		clean(t->comm, it->name);
		describe_place(m, t, it->note);
		set_accounts(it, &t->acc);
		add_open(it, t, s->at_ns);
	}
	return 0;
}

/* A living thread's page faults are those of the last snapshot. */
static void add_faults(struct top_item *it, const struct thread *t, uint64_t begin_ns)
{
	uint64_t checked = t->checked_ns > begin_ns ? t->checked_ns - begin_ns : 0;

	if (it->v[TOP_CHECKED] < checked)
		it->v[TOP_CHECKED] = checked;
	if (t->last.minor_faults > t->base.minor_faults && t->last.minor_faults != TARE_UNKNOWN)
		it->v[TOP_MINOR_FAULTS] += t->last.minor_faults - t->base.minor_faults - t->acc.minor_faults;
	if (t->last.major_faults > t->base.major_faults && t->last.major_faults != TARE_UNKNOWN)
		it->v[TOP_MAJOR_FAULTS] += t->last.major_faults - t->base.major_faults - t->acc.major_faults;
}

static void set_process(struct top_item *it, const struct process_row *p)
{
	it->key = p->process;
	it->id = p->pid;
	clean(p->comm, it->name);
	set_accounts(it, &p->acc);
	it->v[TOP_MINOR_FAULTS] = p->acc.minor_faults;
	it->v[TOP_MAJOR_FAULTS] = p->acc.major_faults;
	it->v[TOP_CHECKED] = 0;
	it->v[TOP_THREADS] = 0;
	if (p->tells_pauses) {
		it->v[TOP_PAUSES] = p->pauses.count;
		it->v[TOP_WORLD] = p->pauses.world_ns;
	}
	it->v[TOP_ALLOC_BYTES] = p->counters.alloc_bytes;
	it->v[TOP_ALLOC_OBJECTS] = p->counters.alloc_objects;
	it->v[TOP_COLLECTIONS] = p->counters.collections;
	it->v[TOP_HEAP_BYTES] = p->counters.heap_bytes;
	it->v[TOP_GOAL_BYTES] = p->counters.goal_bytes;
}

/* A process has ended if no thread of it lives. */
static void count_threads(struct top_sums *s, const struct model *m, struct table *index)
{
	const struct threads *ts = &m->switches.threads;
	struct top_list *l = &s->lists[TOP_LIST_PROCESSES];

	for (uint32_t i = 0; i < ts->nr_rows; i++) {
		const struct thread *t = ts->rows[i];
		uint64_t *at = t->exited ? NULL : table__find(index, threads__process(ts, t));

		if (!at)
			continue;
		l->items[*at].v[TOP_THREADS]++;
		add_open(&l->items[*at], t, s->at_ns);
		add_faults(&l->items[*at], t, s->begin_ns);
	}
	for (size_t i = 0; i < l->nr; i++)
		l->items[i].ended = !l->items[i].v[TOP_THREADS];
}

static void set_memory(struct top_sums *s, const struct model *m, struct table *index)
{
	for (size_t i = 0; i < m->bytes.nr; i++) {
		const struct process_bytes *b = &m->bytes.processes[i];
		uint64_t *at = b->gone_ns ? NULL : table__find(index, b->process);

		if (at)
			s->lists[TOP_LIST_PROCESSES].items[*at].v[TOP_RSS_BYTES] = b->last.rss;
	}
}

static int take_processes(struct top_sums *s, const struct model *m)
{
	struct process_row *rows = NULL;
	struct table index;
	int n = model__processes(m, &rows), err = n < 0 ? n : 0;

	table__init(&index, THREADS_MAX_LIVE);
	for (int i = 0; i < n && !err; i++) {
		struct top_item *it = top_list__add(&s->lists[TOP_LIST_PROCESSES]);
		uint64_t *at = it ? table__add(&index, rows[i].process) : NULL;

		err = at ? 0 : -ENOMEM;
		if (!at)
			break;
		*at = i;
		set_process(it, &rows[i]);
		it->v[TOP_COUNTED] = runtime_counters__span(&m->counters, rows[i].process);
	}
	if (!err) {
		count_threads(s, m, &index);
		set_memory(s, m, &index);
	}
	table__free(&index);
	free(rows);
	return err;
}

static int take_waits(struct top_sums *s, const struct model *m)
{
	const struct threads *ts = &m->switches.threads;
	struct top_list *l = &s->lists[TOP_LIST_WAITS];

	for (uint32_t i = 0; i < m->switches.nr_reasons; i++) {
		struct top_item *it = top_list__add(l);

		if (!it)
			return -ENOMEM;
		it->key = i;
		reason_name(m, &m->switches.reasons[i], it->name, sizeof(it->name));
		it->v[TOP_TIME] = m->switches.reasons[i].total_ns;
		it->v[TOP_COUNT] = m->switches.reasons[i].count;
	}
	for (uint32_t i = 0; i < ts->nr_rows; i++) {
		const struct thread *t = ts->rows[i];

		if (!t->exited && t->state == THREAD_OFF && s->at_ns > t->last_ns)
			l->items[t->reason].v[TOP_TIME] += s->at_ns - t->last_ns;
	}
	return 0;
}

static int take_rivals(struct top_sums *s, const struct model *m)
{
	const struct task_names *names = &m->switches.names;

	for (uint32_t i = 0; i < names->nr * 2; i++) {
		const struct rival *r = &m->switches.rivals.rival[i / 2][i % 2];
		struct top_item *it = r->total_ns ? top_list__add(&s->lists[TOP_LIST_RIVALS]) : NULL;
		char name[72];

		if (!r->total_ns)
			continue;
		if (!it)
			return -ENOMEM;
		it->key = i;
		clean(names->names[i / 2], name);
		snprintf(it->name, sizeof(it->name), "%.48s%s", name,
			 i % 2			? " (of the target)" :
			 i / 2 == NAME_RECORDER ? " (this tare)" :
						  "");
		it->v[TOP_TIME] = r->total_ns;
		it->v[TOP_COUNT] = r->waits;
	}
	return 0;
}

/* The processes' sum; a figure that none has is unknown. */
static void add_up(struct top_sums *s, const struct model *m)
{
	const struct top_list *l = &s->lists[TOP_LIST_PROCESSES];

	for (int f = 0; f < NR_TOP_FIGURES; f++)
		s->all.v[f] = TARE_UNKNOWN;
	for (size_t i = 0; i < l->nr; i++)
		for (int f = 0; f < NR_TOP_FIGURES; f++)
			if (l->items[i].v[f] != TARE_UNKNOWN)
				s->all.v[f] = (s->all.v[f] == TARE_UNKNOWN ? 0 : s->all.v[f]) + l->items[i].v[f];
	if (m->pauses.runtime_events) {
		s->all.v[TOP_PAUSES] = m->pauses.count;
		s->all.v[TOP_WORLD] = m->pauses.world.total;
	}
}

static void name_target(struct top_sums *s, const struct model *m)
{
	const char *comm = model__process_name(m, m->first_tgid), *runtime = target_runtime(m);
	const char *version = runtime ? model__info(m, "runtime_version") : NULL;
	size_t nr = s->lists[TOP_LIST_PROCESSES].nr;
	char name[72], others[40] = "";

	clean(comm[0] ? comm : m->first_comm, name);
	if (nr > 1)
		snprintf(others, sizeof(others), " and %zu more", nr - 1);
	if (m->first_tid)
		snprintf(s->target, sizeof(s->target), "%.30s (pid %u)%s", name, m->first_tgid, others);
	else
		snprintf(s->target, sizeof(s->target), "no target yet");
	if (runtime && version && !strncmp(version, runtime, strlen(runtime)))
		runtime = version;
	if (runtime)
		sanitize(runtime, strlen(runtime), s->runtime, sizeof(s->runtime));
}

static uint64_t lost_events(const struct model *m)
{
	const struct table_slot *slot;
	uint64_t lost = 0;
	size_t pos = 0;

	while ((slot = table__next(&m->loss, &pos)))
		lost += TARE_LOST_EVENTS(slot->key >> 32) ? slot->value : 0;
	return lost;
}

int top_sums__take(struct top_sums *s, const struct model *m, uint64_t at_ns)
{
	int err;

	*s = (struct top_sums){
		.begin_ns = model__begin(m),
		.at_ns = at_ns,
		.lost = lost_events(m),
		.self_cpu_ns = self_cpu_ns(),
		.cpus = sysconf(_SC_NPROCESSORS_ONLN),
		.tells_pauses = m->pauses.runtime_events,
		.end_reason = m->has_end ? m->end.reason : 0,
	};
	model__probe_cost(m, &s->probes_ns);
	err = take_threads(s, m) ?: take_processes(s, m) ?: take_waits(s, m) ?: take_rivals(s, m);
	if (err)
		return err;
	add_up(s, m);
	name_target(s, m);
	return 0;
}
