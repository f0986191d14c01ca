// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "merged.h"
#include "model.h"
#include "table.h"
#include "util.h"

#define MAX_GOROUTINES (1u << 26) /* at a time */
#define MAX_THREADS    (1u << 20)

/* A goroutine that is still there. */
struct alive {
	struct merged_goroutine sum;
	const char *function;
	enum run_state state;
	uint64_t since_ns;
};

struct survey {
	struct merged *m;
	bool chosen_from, chosen_to; /* only a part of the recording was asked for */
	struct table alive, threads;
	uint64_t first_ns, last_ns;
	uint64_t events;
	const char *problem;
};

/* ---- goroutines ---- */

/* How much of @begin_ns to @end_ns is drawn. */
static uint64_t drawn_ns(const struct merged *m, uint64_t begin_ns, uint64_t end_ns)
{
	if (begin_ns < m->from_ns)
		begin_ns = m->from_ns;
	if (end_ns > m->to_ns)
		end_ns = m->to_ns;
	return end_ns > begin_ns ? end_ns - begin_ns : 0;
}

static bool matters_more(const struct merged_goroutine *a, const struct merged_goroutine *b)
{
	return a->told != b->told ? a->told : a->busy_ns > b->busy_ns;
}

static void choose(struct merged *m, struct alive *a)
{
	struct merged_goroutine *least = &m->lanes[0];

	m->goroutines++;
	if (m->nr_lanes < MERGED_LANES) {
		least = &m->lanes[m->nr_lanes++];
	} else {
		for (unsigned i = 1; i < m->nr_lanes; i++)
			least = matters_more(least, &m->lanes[i]) ? &m->lanes[i] : least;
		if (!matters_more(&a->sum, least))
			return;
	}
	*least = a->sum;
	sanitize(a->function ?: "", strlen(a->function ?: ""), least->function, sizeof(least->function));
}

static void account(struct survey *s, struct alive *a, uint64_t ts_ns)
{
	if (a->state == RUN_RUNNING || a->state == RUN_RUNNABLE)
		a->sum.busy_ns += drawn_ns(s->m, a->since_ns, ts_ns);
	if (ts_ns > a->since_ns)
		a->since_ns = ts_ns;
}

/* It counts if any of it is drawn. */
static void bury(struct survey *s, struct alive *a, uint64_t end_ns)
{
	account(s, a, end_ns);
	if (end_ns >= s->m->from_ns)
		choose(s->m, a);
	free(a);
}

static int take_goroutine(struct survey *s, const struct run_event *ev)
{
	uint64_t *slot = ev->goroutine ? table__add(&s->alive, ev->goroutine) : NULL;
	struct alive *a;

	if (!slot)
		return ev->goroutine ? -ENOMEM : 0;
	a = (struct alive *)(uintptr_t)*slot;
	if (!a) {
		a = calloc(1, sizeof(*a));
		if (!a)
			return -ENOMEM;
		a->sum.id = ev->goroutine;
		a->since_ns = ev->ts_ns;
		*slot = (uintptr_t)a;
	}
	a->function = ev->function ?: a->function;
	if (ev->kind != RUN_GOROUTINE) {
		a->sum.told = true;
		return 0;
	}
	if (ev->state == RUN_NONE) {
		table__delete(&s->alive, ev->goroutine);
		bury(s, a, ev->ts_ns);
		return 0;
	}
	account(s, a, ev->ts_ns);
	a->state = ev->state;
	return 0;
}

static void bury_all(struct survey *s)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&s->alive, &pos)))
		bury(s, (struct alive *)(uintptr_t)slot->value, s->last_ns);
}

/* ---- the whole of it ---- */

static int take(struct survey *s, const struct run_event *ev)
{
	if (!s->events++ || ev->ts_ns < s->first_ns)
		s->first_ns = ev->ts_ns;
	if (ev->ts_ns > s->last_ns)
		s->last_ns = ev->ts_ns;
	if (ev->thread)
		table__add(&s->threads, ev->thread);
	if (ev->ts_ns > s->m->to_ns)
		return 0;
	if (ev->kind == RUN_GOROUTINE || ev->kind == RUN_REGION_BEGIN || ev->kind == RUN_LOG)
		return take_goroutine(s, ev);
	return 0;
}

/* .problem is told before what it is told by goes away. */
static int read_through(struct survey *s)
{
	struct run_event ev;
	void *self;
	int ret;

	rewind(s->m->from);
	ret = s->m->format->open(s->m->from, &self);
	if (ret)
		return ret;
	while ((ret = s->m->format->next(self, &ev, &s->problem)) > 0) {
		ret = take(s, &ev);
		if (ret)
			break;
	}
	bury_all(s);
	if (!ret && s->problem && s->events)
		warn("%s: %s; what comes before that, up to %.6f s, is in the export", s->m->path, s->problem,
		     s->last_ns / 1e9);
	else if (!ret && !s->events)
		err("%s: nothing in it can be drawn: %s", s->m->path, s->problem ?: "it is empty");
	s->m->format->close(self);
	return ret;
}

/* ---- which process it is of ---- */

/* Of the process with most of its threads. Returns how many; 0: it is none of the recording's. */
static uint64_t find_process(struct survey *s, const struct model *whole, uint32_t only)
{
	struct table by_pid;
	const struct table_slot *slot;
	uint64_t most = 0;
	size_t pos = 0;

	table__init(&by_pid, MAX_THREADS);
	while ((slot = table__next(&s->threads, &pos))) {
		const struct thread *t =
			slot->key <= INT32_MAX ? threads__last(&whole->switches.threads, slot->key) : NULL;
		uint64_t *nr = t && t->tgid && (!only || t->tgid == only) ? table__add(&by_pid, t->tgid) : NULL;

		if (nr && ++*nr > most) {
			most = *nr;
			s->m->pid = t->tgid;
		}
	}
	table__free(&by_pid);
	return most;
}

/* In a pid namespace threads have other numbers: then it must be said whose it is. */
static int place(struct survey *s, const struct model *whole, uint32_t pid)
{
	s->m->same_tids = find_process(s, whole, pid) > 0;
	if (s->m->same_tids)
		return EXIT_OK;
	if (!pid) {
		err("%s is of a process that is not in the recording: none of its %" PRIu32 " threads is. If the "
		    "process ran in a pid namespace (a container), its threads had other numbers there: name it by --pid",
		    s->m->path, s->threads.count);
		return EXIT_FAILED;
	}
	s->m->pid = pid;
	warn("%s: none of its threads is one of process %" PRIu32
	     ", so it is of a pid namespace, or of another process; "
	     "what it tells is not tied to the kernel's threads",
	     s->m->path, pid);
	return EXIT_OK;
}

/* ---- which time it is of ---- */

static int check_time(const struct survey *s, uint64_t begin_ns, uint64_t end_ns)
{
	const struct merged *m = s->m;

	if (s->last_ns < begin_ns || s->first_ns > end_ns) {
		err("%s is of another time than the recording: %.6f to %.6f s since the machine started, and the "
		    "recording %.6f to %.6f s",
		    m->path, s->first_ns / 1e9, s->last_ns / 1e9, begin_ns / 1e9, end_ns / 1e9);
		return EXIT_FAILED;
	}
	if (s->last_ns < m->from_ns || s->first_ns > m->to_ns)
		warn("%s: nothing of it is in the stretch that was asked for", m->path);
	else if (!s->chosen_from && s->first_ns < begin_ns)
		warn("%s: its first %.6f s are before the recording, and left out", m->path,
		     (begin_ns - s->first_ns) / 1e9);
	if (!s->chosen_to && s->last_ns > end_ns)
		warn("%s: its last %.6f s are after the recording, and left out", m->path, (s->last_ns - end_ns) / 1e9);
	return EXIT_OK;
}

static int survey(struct merged *m, const struct model *whole, uint32_t pid)
{
	uint64_t begin_ns = model__begin(whole), end_ns = whole->end_ns;
	struct survey s = { .m = m, .chosen_from = m->from_ns > 0, .chosen_to = m->to_ns < UINT64_MAX };
	int ret;

	if (m->from_ns < begin_ns)
		m->from_ns = begin_ns;
	if (m->to_ns > end_ns)
		m->to_ns = end_ns;
	table__init(&s.alive, MAX_GOROUTINES);
	table__init(&s.threads, MAX_THREADS);
	ret = read_through(&s);
	if (ret)
		err("cannot read %s: %s", m->path, strerror(-ret));
	ret = ret || !s.events ? EXIT_FAILED : check_time(&s, begin_ns, end_ns);
	if (!ret)
		ret = place(&s, whole, pid);
	if (!ret && m->goroutines > m->nr_lanes)
		warn("%s: %u of its %" PRIu64 " goroutines have a lane of their own, those that tell of themselves or "
		     "are busiest; the others are on those of Ps and threads",
		     m->path, m->nr_lanes, m->goroutines);
	table__free(&s.alive);
	table__free(&s.threads);
	return ret;
}

int merged__open(struct merged *m, const char *path, const struct model *whole, uint64_t from_ns, uint64_t to_ns,
		 uint32_t pid)
{
	char why[160];

	*m = (struct merged){ .path = path, .from_ns = from_ns, .to_ns = to_ns, .from = fopen(path, "re") };
	if (!m->from) {
		err("cannot read %s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	if (fseek(m->from, 0, SEEK_SET)) {
		err("%s is read twice, which a pipe cannot be: keep it in a file", path);
		return EXIT_FAILED;
	}
	m->format = run_trace__format(m->from, why, sizeof(why));
	if (m->format)
		return survey(m, whole, pid);
	err("%s is %s", path, why);
	return EXIT_FAILED;
}

void merged__close(struct merged *m)
{
	if (m->from)
		fclose(m->from);
	m->from = NULL;
}
