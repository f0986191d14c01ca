// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "probe_cost.h"
#include "process.h"

#define MAX_LOSS_ROWS (TARE_NR_LOST * MODEL_MAX_CPUS)

struct model *model__new(void)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	switches__init(&m->switches);
	m->counters.births = &m->switches.threads.births;
	model_bytes__init(&m->bytes, &m->switches.threads.births);
	heap_readings__init(&m->heaps, &m->switches.threads.births, &m->programs);
	fault_owners__init(&m->fault_owners);
	alloc_samples__init(&m->allocs);
	runtime_names__init(&m->runtime_names);
	pauses__init(&m->pauses, &m->switches, &m->runtime_names, &m->profile.stacks);
	programs__init(&m->programs);
	model_symbols__init(&m->symbols, &m->programs);
	findings__init(&m->findings, &m->programs);
	preemption__init(&m->preemption);
	table__init(&m->loss, MAX_LOSS_ROWS);
	m->begin_ns = UINT64_MAX;
	return m;
}

void model__free(struct model *m)
{
	if (!m)
		return;
	pauses__free(&m->pauses);
	switches__free(&m->switches);
	table__free(&m->loss);
	runtime_counters__free(&m->counters);
	model_bytes__free(&m->bytes);
	heap_readings__free(&m->heaps);
	fault_owners__free(&m->fault_owners);
	alloc_samples__free(&m->allocs);
	delays__free(&m->delays);
	runtime_names__free(&m->runtime_names);
	preemption__free(&m->preemption);
	model_symbols__free(&m->symbols);
	profile__free(&m->profile);
	windows__free(&m->windows);
	findings__free(&m->findings);
	programs__free(&m->programs);
	for (unsigned i = 0; i < m->nr_info; i++) {
		free(m->info[i].key);
		free(m->info[i].value);
	}
	for (unsigned i = 0; i < m->nr_processes; i++)
		free(m->processes[i].cmdline);
	free(m);
}

static int fold_header(struct model *m, const struct event *ev)
{
	m->header = *ev->header;
	m->has_header = true;
	m->switches.arch = m->header.arch;
	return 0;
}

static int fold_info(struct model *m, const struct event *ev)
{
	char *value = strndup(ev->info.value, MODEL_MAX_INFO_LEN), *key;

	if (!strcmp(ev->info.key, TARE_INFO_RECORDER))
		m->switches.names.recorder = strtoul(ev->info.value, NULL, 10);
	if (!value)
		return -ENOMEM;
	for (unsigned i = 0; i < m->nr_info; i++) {
		if (!strcmp(m->info[i].key, ev->info.key)) {
			free(m->info[i].value);
			m->info[i].value = value;
			return 0;
		}
	}
	if (m->nr_info == MODEL_MAX_INFO) {
		free(value);
		return 0;
	}
	key = strndup(ev->info.key, MODEL_MAX_INFO_LEN);
	if (!key) {
		free(value);
		return -ENOMEM;
	}
	m->info[m->nr_info].key = key;
	m->info[m->nr_info++].value = value;
	return 0;
}

static int fold_process(struct model *m, const struct event *ev)
{
	const struct tare_process *head = ev->process.head;
	size_t len = head->cmdline_len;
	unsigned at = 0;
	char *cmdline;

	/* a process is described again after exec: the latest description counts */
	while (at < m->nr_processes &&
	       (m->processes[at].pid != head->pid || m->processes[at].start_ns != head->start_ns))
		at++;
	if (at == MODEL_MAX_PROCESSES)
		return 0;
	if (len > MODEL_MAX_INFO_LEN)
		len = MODEL_MAX_INFO_LEN;
	while (len && !ev->process.cmdline[len - 1])
		len--;
	cmdline = malloc(len + 1);
	if (!cmdline)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		cmdline[i] = ev->process.cmdline[i] ? ev->process.cmdline[i] : ' ';
	cmdline[len] = '\0';
	if (at == m->nr_processes)
		m->nr_processes++;
	free(m->processes[at].cmdline);
	m->processes[at] = (struct model_process){ head->pid, head->ppid, head->start_ns, cmdline };
	return 0;
}

static int fold_loss(struct model *m, const struct event *ev)
{
	uint64_t more;

	if (ev->loss->cls >= TARE_NR_LOST)
		return 0;
	more = loss__grown(&m->loss, ev->loss);
	if (TARE_LOST_EVENTS(ev->loss->cls))
		pauses__lost(&m->pauses, ev->ts_ns, m->pauses.loss_total + more);
	return 0;
}

static int fold_probe(struct model *m, const struct event *ev)
{
	unsigned i = 0;

	while (i < m->nr_probes && strncmp(m->probes[i].name, ev->probe->name, sizeof(ev->probe->name)))
		i++;
	if (i == MODEL_MAX_PROBES)
		return 0;
	m->probes[i] = *ev->probe;
	if (i == m->nr_probes)
		m->nr_probes++;
	return 0;
}

static int fold_end(struct model *m, const struct event *ev)
{
	m->end = *ev->end;
	m->has_end = true;
	return 0;
}

static int fold_damage(struct model *m, const struct event *ev)
{
	if (m->nr_damage < MODEL_MAX_DAMAGE) {
		struct model_damage *d = &m->damage[m->nr_damage];

		d->offset = ev->damage.offset;
		d->bytes = ev->damage.bytes;
		strncat(d->what, ev->damage.what, sizeof(d->what) - 1);
	}
	m->nr_damage++;
	m->damage_bytes += ev->damage.bytes;
	return 0;
}

static void note_first(struct model *m, uint32_t tid, uint32_t tgid, const char *comm)
{
	if (m->first_tid)
		return;
	m->first_tid = tid;
	m->first_tgid = tgid;
	memcpy(m->first_comm, comm, strnlen(comm, TARE_COMM_LEN));
}

static int fold_task(struct model *m, const struct event *ev)
{
	if (ev->task->tid == ev->task->tgid)
		programs__begin(&m->programs, ev->task->tgid, ev->task->program_ns ?: ev->task->start_ns);
	if (ev->task->phase == 0) {
		note_first(m, ev->task->tid, ev->task->tgid, ev->task->comm);
		if (ev->task->ts_ns < m->begin_ns)
			m->begin_ns = ev->task->ts_ns;
	}
	if (ev->task->ts_ns > m->end_ns)
		m->end_ns = ev->task->ts_ns;
	return switches__task(&m->switches, ev);
}

static int fold_fork(struct model *m, const struct event *ev)
{
	note_first(m, ev->fork.tid, ev->fork.tgid, ev->fork.comm);
	if (ev->fork.tid == ev->fork.tgid && ev->fork.tid != ev->fork.parent_tid) /* born, not found */
		programs__begin(&m->programs, ev->fork.tgid, ev->ts_ns);
	return switches__fork(&m->switches, ev);
}

static int fold_exec(struct model *m, const struct event *ev)
{
	programs__begin(&m->programs, ev->exec.tid, ev->ts_ns);
	return switches__exec(&m->switches, ev);
}

static int fold_counters(struct model *m, const struct event *ev)
{
	return runtime_counters__event(&m->counters, ev);
}

static int fold_bytes(struct model *m, const struct event *ev)
{
	return model_bytes__event(&m->bytes, ev);
}

static int fold_heap(struct model *m, const struct event *ev)
{
	return heap_readings__event(&m->heaps, ev);
}

static int fold_delays(struct model *m, const struct event *ev)
{
	return delays__event(&m->delays, ev);
}

static int fold_symbol(struct model *m, const struct event *ev)
{
	return model_symbols__event(&m->symbols, ev);
}

static int fold_number_name(struct model *m, const struct event *ev)
{
	runtime_names__event(&m->runtime_names, ev);
	return 0;
}

static int fold_page(struct model *m, const struct event *ev)
{
	return findings__page(&m->findings, ev);
}

static int fold_quota(struct model *m, const struct event *ev)
{
	return findings__quota(&m->findings, ev);
}

static int fold_call_stack(struct model *m, const struct event *ev)
{
	return model_stacks__event(&m->profile.stacks, ev);
}

static int fold_stacked(struct model *m, const struct event *ev)
{
	struct thread *t = threads__find(&m->switches.threads, ev->stacked.tid);

	if (t)
		told_stacks__add(&t->stacks, ev);
	return model_stacks__used(&m->profile.stacks, ev->stacked.number, ev->ts_ns);
}

static uint32_t take_stack(struct model *m, uint32_t tid, uint64_t ts_ns)
{
	struct thread *t = threads__find(&m->switches.threads, tid);

	return t ? told_stacks__take(&t->stacks, ts_ns) : 0;
}

static int fold_sample(struct model *m, const struct event *ev)
{
	return profile__sample(&m->profile, take_stack(m, ev->sample.tid, ev->ts_ns), m->header.arch, ev);
}

static int fold_off_cpu(struct model *m, const struct event *ev)
{
	return profile__off_cpu(&m->profile, take_stack(m, ev->off_cpu.tid, ev->ts_ns), ev);
}

static int fold_fault_sample(struct model *m, const struct event *ev)
{
	return fault_owners__event(&m->fault_owners, ev) ?:
		       profile__fault(&m->profile, take_stack(m, ev->fault_sample.tid, ev->ts_ns), ev);
}

static int fold_alloc_sample(struct model *m, const struct event *ev)
{
	return alloc_samples__sample(&m->allocs, &m->profile, take_stack(m, ev->alloc_sample.tid, ev->ts_ns), ev);
}

static int fold_alloc_burst(struct model *m, const struct event *ev)
{
	return alloc_samples__burst(&m->allocs, &m->profile, ev);
}

static int fold_memory_calls(struct model *m, const struct event *ev)
{
	memory_calls__event(&m->memory_calls, ev);
	return 0;
}

static int fold_nothing(struct model *m, const struct event *ev)
{
	return 0;
}

/* Events that only threads and their switches use. */
#define TO_SWITCHES(verb)                                               \
	static int fold_##verb(struct model *m, const struct event *ev) \
	{                                                               \
		return switches__##verb(&m->switches, ev);              \
	}
TO_SWITCHES(switch)
TO_SWITCHES(name)
TO_SWITCHES(rename)
TO_SWITCHES(migrate)
TO_SWITCHES(stop)

static int fold_exit(struct model *m, const struct event *ev)
{
	preemption__exit(&m->preemption, ev->exit.tid);
	if (ev->exit.tid == ev->exit.tgid) {
		runtime_counters__exit(&m->counters, ev->exit.tgid, ev->ts_ns);
		model_bytes__exit(&m->bytes, ev->exit.tgid, ev->ts_ns);
	}
	return switches__exit(&m->switches, ev);
}

static int fold_signal(struct model *m, const struct event *ev)
{
	preemption__signal(&m->preemption, ev);
	take_stack(m, ev->signal.tid, ev->ts_ns);
	return 0;
}

/* Others are recorded too: which thread is a target is known here, on every kernel. */
static int fold_oom_kill(struct model *m, const struct event *ev)
{
	const struct thread *t = threads__find(&m->switches.threads, ev->oom_kill.tid);
	struct model_oom_kill *k = &m->oom_kills[m->nr_oom_kills];

	if (!t || m->nr_oom_kills == MODEL_MAX_OOM_KILLS)
		return 0;
	k->ts_ns = ev->ts_ns;
	k->tid = ev->oom_kill.tid;
	k->tgid = t->tgid;
	k->limit_bytes = ev->oom_kill.limit_pages * m->header.page_size;
	memcpy(k->comm, t->comm, TARE_COMM_LEN);
	memcpy(k->cgroup, ev->oom_kill.cgroup, sizeof(k->cgroup));
	m->nr_oom_kills++;
	return 0;
}

static int fold_reclaim(struct model *m, const struct event *ev)
{
	struct model_reclaim *r = &m->reclaim[ev->reclaim.by_cgroup];

	r->count++;
	r->ns += ev->reclaim.ns;
	r->pages += ev->reclaim.pages;
	if (ev->reclaim.limit_pages) {
		r->limit_bytes = ev->reclaim.limit_pages * m->header.page_size;
		memcpy(r->cgroup, ev->reclaim.cgroup, sizeof(r->cgroup));
	}
	return 0;
}

/* A thread may be in this fault when its process's first pause begins. */
static int fold_fault(struct model *m, const struct event *ev)
{
	struct thread *t = threads__find(&m->switches.threads, ev->fault.tid);

	if (t)
		t->fault_address = ev->fault.address;
	return 0;
}

/* Used by pauses__event() only, or just by exports. */
#define fold_module    fold_nothing
#define fold_runtime   fold_nothing
#define fold_goroutine fold_nothing
#define fold_irq       fold_nothing
#define fold_fault_end fold_nothing

/* One entry per event kind: a missing one does not compile. */
static const struct {
	int (*fold)(struct model *m, const struct event *ev);
	bool timed; /* happened at its timestamp, so the recording lasts at least until then */
} kinds[NR_EVENTS] = {
#define DESCRIPTION(kind, name) [EVENT_##kind] = { fold_##name, false },
#define RECORD(kind, name, ...) [EVENT_##kind] = { fold_##name, true },
	EVENT_DESCRIPTIONS(DESCRIPTION) TARE_RECORDS(RECORD, EVENT_NONE)
};

/* The main figures until @ts_ns. */
static int close_window(struct model *m, uint64_t ts_ns)
{
	const struct threads *ts = &m->switches.threads;
	struct tare_counters c;
	struct accounts total;
	struct window now = { .end_ns = ts_ns };
	const struct table_slot *slot;
	size_t pos = 0;

	threads__total(ts, &total);
	runtime_counters__total(&m->counters, &c);
	now.sums[WINDOW_CPU] = accounts__charged_ns(&total);
	now.sums[WINDOW_SWITCHES] = total.voluntary + total.involuntary;
	now.sums[WINDOW_RUN_QUEUE] = total.run_queue_ns;
	now.sums[WINDOW_THROTTLED] = total.throttled_ns;
	now.sums[WINDOW_PAUSES] = m->pauses.runtime_events ? m->pauses.count : TARE_UNKNOWN;
	now.sums[WINDOW_WORLD] = m->pauses.runtime_events ? m->pauses.world.total : TARE_UNKNOWN;
	now.sums[WINDOW_COLLECTIONS] = c.collections;
	now.sums[WINDOW_ALLOC_BYTES] = c.alloc_bytes;
	now.sums[WINDOW_ALLOC_OBJECTS] = c.alloc_objects;
	now.sums[WINDOW_GREEN] = c.goroutine_switches;
	/* what has begun and not ended is in no account yet */
	while ((slot = table__next(&ts->by_tid, &pos))) {
		const struct thread *t = (const struct thread *)(uintptr_t)slot->value;

		if (t->state == THREAD_ON && ts_ns > t->last_ns)
			now.sums[WINDOW_CPU] += ts_ns - t->last_ns;
		else if (t->state == THREAD_OFF && t->runnable && t->reason == REASON_THROTTLED && ts_ns > t->last_ns)
			now.sums[WINDOW_THROTTLED] += ts_ns - t->last_ns;
		else if (t->state == THREAD_OFF && t->runnable && ts_ns > t->last_ns)
			now.sums[WINDOW_RUN_QUEUE] += ts_ns - t->last_ns;
	}
	return windows__close(&m->windows, &now);
}

int model__event(struct model *m, const struct event *ev)
{
	int err = 0;

	if (ev->kind >= NR_EVENTS)
		return 0;
	if (kinds[ev->kind].timed) {
		m->events++;
		if (ev->ts_ns > m->end_ns)
			m->end_ns = ev->ts_ns;
		if (!m->first_event_ns)
			m->first_event_ns = ev->ts_ns;
		if (windows__is_due(&m->windows, ev->ts_ns))
			err = close_window(m, ev->ts_ns);
	}
	/* both switch folds ask who had the CPU before; pauses need the threads' states before this event */
	if (ev->kind == EVENT_SWITCH)
		err = err ?: cpu_history__switch(&m->switches.history, &m->switches.names, ev);
	err = err ?: pauses__event(&m->pauses, ev);
	return err ? err : kinds[ev->kind].fold(m, ev);
}

void model__finish(struct model *m)
{
	const struct table_slot *slot;
	size_t pos = 0;

	if (m->finished)
		return;
	m->finished = true;
	if (m->begin_ns == UINT64_MAX)
		m->begin_ns =
			m->first_event_ns ?: m->header.mono_ns; /* no task yet: the recorder waited for the first */
	if (m->has_end && m->end.ts_ns > m->begin_ns)
		m->end_ns = m->end.ts_ns;
	while ((slot = table__next(&m->loss, &pos)))
		m->lost[slot->key >> 32] += slot->value;
	switches__finish(&m->switches, m->end_ns);
	if (m->windows.begin_ns && m->end_ns > m->windows.begin_ns)
		close_window(m, m->end_ns);
	profile__finish(&m->profile);
	pauses__finish(&m->pauses);
	strcpy(m->target_comm, model__process_name(m, m->first_tgid));
	if (!m->target_comm[0])
		strcpy(m->target_comm, m->first_comm);
}

const char *model__info(const struct model *m, const char *key)
{
	for (unsigned i = 0; i < m->nr_info; i++) {
		if (!strcmp(m->info[i].key, key))
			return m->info[i].value;
	}
	return NULL;
}

uint64_t model__begin(const struct model *m)
{
	return m->begin_ns != UINT64_MAX ? m->begin_ns : m->first_event_ns ?: UINT64_MAX;
}

uint64_t model__duration(const struct model *m)
{
	return m->end_ns > m->begin_ns ? m->end_ns - m->begin_ns : 0;
}

uint64_t model__lost_events(const struct model *m)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < TARE_NR_LOST; i++)
		total += TARE_LOST_EVENTS(i) ? m->lost[i] : 0;
	return total;
}

bool model__is_incomplete(const struct model *m)
{
	return model__lost_events(m) || m->lost[TARE_LOST_DISK] || m->nr_damage || m->late || !m->has_end ||
	       m->switches.threads.untracked;
}

const struct tare_probe *model__find_probe(const struct model *m, const char *name)
{
	for (unsigned i = 0; i < m->nr_probes; i++)
		if (!strncmp(m->probes[i].name, name, sizeof(m->probes[i].name)))
			return &m->probes[i];
	return NULL;
}

uint64_t model__probe_cost(const struct model *m, uint64_t *ns)
{
	uint64_t hits = 0, timed = 0;
	double cost = 0;

	for (unsigned i = 0; i < m->nr_probes; i++) {
		const struct tare_probe *p = &m->probes[i];

		if (!strncmp(p->name, TARE_PROBE_HOLD, strlen(TARE_PROBE_HOLD)))
			continue; /* not a kind with timed events */
		hits += p->hits;
		timed += p->timed_hits;
		cost += probe_cost__ns(p);
	}
	*ns = timed && cost < 9e18 ? (uint64_t)cost : TARE_UNKNOWN;
	return hits;
}
