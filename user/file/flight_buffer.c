// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "flight_buffer_impl.h"

#define MARKS_IN_SPAN 4 /* so it holds up to a quarter more than required */
#define MIN_MARK_NS   100000000ull

static void list__append(struct list *l, struct held *h)
{
	h->next = NULL;
	if (l->last)
		l->last->next = h;
	else
		l->first = h;
	l->last = h;
}

static struct held *list__take_first(struct list *l)
{
	struct held *h = l->first;

	l->first = h->next;
	if (!l->first)
		l->last = NULL;
	return h;
}

static void list__free(struct list *l)
{
	while (l->first)
		free(list__take_first(l));
}

static uint64_t size_of(const struct held *h)
{
	return sizeof(*h) + h->head.len;
}

static void flight_buffer__drop(struct flight_buffer *s, struct held *h)
{
	if (!h)
		return;
	s->bytes -= size_of(h);
	free(h);
}

void flight_buffer__purge(struct flight_buffer *s, struct list *l,
			  bool (*is_unwanted)(const struct held *h, const void *ctx), const void *ctx)
{
	struct list all = *l;

	*l = (struct list){ 0 };
	while (all.first) {
		struct held *h = list__take_first(&all);

		if (is_unwanted(h, ctx))
			flight_buffer__drop(s, h);
		else
			list__append(l, h);
	}
}

struct flight_buffer *flight_buffer__new(uint64_t span_ns, uint64_t max_bytes)
{
	struct flight_buffer *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->span_ns = span_ns;
	s->max_bytes = max_bytes;
	return s;
}

void flight_buffer__free(struct flight_buffer *s)
{
	if (!s)
		return;
	list__free(&s->described);
	list__free(&s->symbols);
	list__free(&s->frames);
	free(s->probes);
	free(s->loss);
	free(s);
}

/* ---- dropping ---- */

/* Processes, modules, heaps and symbols begin with a pid, and each such frame is about one process. */
static uint32_t pid_of(const struct held *h)
{
	uint32_t pid = 0;

	if (h->head.len >= sizeof(pid))
		memcpy(&pid, h->payload, sizeof(pid));
	return pid;
}

/* A finding about a process, recorded one at a time. */
static bool is_finding(const struct held *h)
{
	return h->head.type == TARE_FRAME_SYMBOLS || h->head.type == TARE_FRAME_NAMES ||
	       h->head.type == TARE_FRAME_PAGES || h->head.type == TARE_FRAME_QUOTAS ||
	       h->head.type == TARE_FRAME_STACKS;
}

static bool is_of_a_process(const struct held *h)
{
	return h->head.type == TARE_FRAME_PROCESSES || h->head.type == TARE_FRAME_MODULES ||
	       h->head.type == TARE_FRAME_HEAP || is_finding(h);
}

static bool is_replaced(const struct held *old, const void *ctx)
{
	const struct held *new = ctx;

	/* a reading of a heap may take several frames, all of one time */
	return old->head.type == new->head.type &&pid_of(old) == pid_of(new) &&
	       (new->head.type != TARE_FRAME_HEAP || old->head.ts_ns != new->head.ts_ns);
}

struct alive_task {
	uint32_t pid;
	uint64_t program_ns;
};

/* Sorted ids of a mark's tasks and of their processes. */
struct alive {
	struct alive_task *tasks;
	size_t nr;
};

/* Of those with one id, the one that knows its program is last. */
static int by_pid(const void *a, const void *b)
{
	const struct alive_task *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->program_ns < y->program_ns ? -1 : x->program_ns > y->program_ns;
}

static const struct alive_task *alive__find(const struct alive *alive, uint32_t pid)
{
	size_t from = ARRAY_FIRST_NOT(alive->nr, i, alive->tasks[i].pid <= pid);

	return from && alive->tasks[from - 1].pid == pid ? &alive->tasks[from - 1] : NULL;
}

/* Of a process that has ended, or of a program that it does not run any more. */
static bool is_of_a_dead(const struct held *h, const void *ctx)
{
	bool is_of_a_program = h->head.type == TARE_FRAME_SYMBOLS || h->head.type == TARE_FRAME_PAGES;
	const struct alive_task *task;

	/* process 0 is the kernel */
	if (!is_of_a_process(h) || !pid_of(h))
		return false;
	task = alive__find(ctx, pid_of(h));
	return !task || (is_of_a_program && h->head.ts_ns < task->program_ns);
}

/* Without memory for it no process is known to be dead: then more is kept than necessary. */
static bool alive__init(struct alive *alive, const struct held *mark)
{
	const struct tare_task *tasks = (const void *)mark->payload;

	alive->nr = mark->head.len / sizeof(*tasks);
	alive->tasks = malloc((2 * alive->nr + 1) * sizeof(*alive->tasks));
	if (!alive->tasks)
		return false;
	/* threads too: a quota may be of one */
	for (size_t i = 0; i < alive->nr; i++) {
		struct tare_task task;

		memcpy(&task, &tasks[i], sizeof(task));
		alive->tasks[2 * i] = (struct alive_task){ task.tgid, 0 };
		alive->tasks[2 * i + 1] = (struct alive_task){ task.tid, task.program_ns };
	}
	alive->nr *= 2;
	qsort(alive->tasks, alive->nr, sizeof(*alive->tasks), by_pid);
	return true;
}

/* @h is before the begin: keep the parts that are still needed. */
static void flight_buffer__retire(struct flight_buffer *s, struct held *h)
{
	struct held **total = h->head.type == TARE_FRAME_PROBES ? &s->probes : &s->loss;
	bool is_total = h->head.type == TARE_FRAME_PROBES || h->head.type == TARE_FRAME_LOSS;

	if (is_total) {
		flight_buffer__drop(s, *total);
		*total = h;
	} else if (is_finding(h)) {
		list__append(&s->symbols, h);
	} else if (h->head.type == TARE_FRAME_HEADER || h->head.type == TARE_FRAME_INFO) {
		list__append(&s->described, h);
	} else if (is_of_a_process(h)) {
		flight_buffer__purge(s, &s->described, is_replaced, h);
		list__append(&s->described, h);
	} else {
		flight_buffer__drop(s, h);
	}
}

static void flight_buffer__begin_at(struct flight_buffer *s, const struct held *mark)
{
	struct alive alive;
	bool known = alive__init(&alive, mark);

	while (s->frames.first != mark) {
		struct held *h = list__take_first(&s->frames);

		if (known && is_of_a_dead(h, &alive))
			flight_buffer__drop(s, h);
		else
			flight_buffer__retire(s, h);
	}
	if (known) {
		flight_buffer__purge(s, &s->described, is_of_a_dead, &alive);
		flight_buffer__purge(s, &s->symbols, is_of_a_dead, &alive);
		free(alive.tasks);
	}
}

/* The first mark after the begin, or NULL. */
static struct held *next_mark(const struct flight_buffer *s)
{
	struct held *h = s->frames.first;

	for (h = h ? h->next : NULL; h && !h->is_mark; h = h->next)
		;
	return h;
}

void flight_buffer__cut(struct flight_buffer *s, uint64_t ts_ns)
{
	struct held *last = NULL;

	for (struct held *h = s->frames.first; h && (!h->is_mark || h->head.ts_ns <= ts_ns); h = h->next) {
		if (h->is_mark)
			last = h;
	}
	if (last && last != s->frames.first)
		flight_buffer__begin_at(s, last);
}

/* ---- adding ---- */

static struct held *held__new(const struct tare_frame *head, uint64_t len)
{
	struct held *h = malloc(sizeof(*h) + len);

	if (!h)
		return NULL;
	*h = (struct held){ .head = *head };
	h->head.len = len;
	return h;
}

static void flight_buffer__append(struct flight_buffer *s, struct held *h)
{
	h->once = s->once;
	list__append(&s->frames, h);
	s->bytes += size_of(h);
	s->mark_bytes += size_of(h);
}

/* Make room for @size bytes, if necessary by covering less time. Descriptions are short and always fit. */
static bool flight_buffer__has_room(struct flight_buffer *s, uint64_t size)
{
	struct held *mark;

	/* during a write nothing can be dropped, and what arrives must not be lost */
	if (s->writing)
		return s->bytes + size <= s->max_bytes + s->max_bytes / 2;
	while (s->bytes + size > s->max_bytes && (mark = next_mark(s))) {
		s->is_short = true;
		flight_buffer__begin_at(s, mark);
	}
	return s->bytes + size <= s->max_bytes;
}

int flight_buffer__add(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	struct flight_buffer *s = ctx;
	struct held *h;
	size_t pos = 0;

	if (head->type == TARE_FRAME_EVENTS && !flight_buffer__has_room(s, sizeof(*h) + head->len)) {
		s->is_short = true;
		s->lost_bytes += head->len;
		return 0;
	}
	h = held__new(head, head->len);
	if (!h)
		return -ENOMEM;
	for (int i = 0; i < nr; i++) {
		if (iov[i].iov_len)
			memcpy(h->payload + pos, iov[i].iov_base, iov[i].iov_len);
		pos += iov[i].iov_len;
	}
	flight_buffer__append(s, h);
	return 0;
}

bool flight_buffer__wants_mark(const struct flight_buffer *s, uint64_t now_ns)
{
	uint64_t every = s->span_ns / MARKS_IN_SPAN;

	if (every < MIN_MARK_NS)
		every = MIN_MARK_NS;
	return s->lost_bytes || now_ns - s->mark_ns >= every || s->mark_bytes > s->max_bytes / (2 * MARKS_IN_SPAN);
}

int flight_buffer__mark(struct flight_buffer *s, uint64_t now_ns, uint64_t self_cpu_ns, const struct tare_task *tasks,
			uint32_t nr)
{
	struct tare_frame head = { .type = TARE_FRAME_TASKS, .ts_ns = now_ns };
	struct held *h = held__new(&head, (uint64_t)nr * sizeof(*tasks));
	struct tare_task *copy;

	if (!h)
		return -ENOMEM;
	h->is_mark = true;
	h->self_cpu_ns = self_cpu_ns;
	copy = (struct tare_task *)h->payload;
	memcpy(copy, tasks, h->head.len);
	for (uint32_t i = 0; i < nr; i++)
		copy[i].phase = 0; /* at the recording's beginning it is the first snapshot */
	flight_buffer__append(s, h);
	s->mark_ns = now_ns;
	s->mark_bytes = 0;
	if (s->lost_bytes) { /* there is a gap before it */
		flight_buffer__begin_at(s, h);
		s->lost_bytes = 0;
	} else if (now_ns > s->span_ns) {
		flight_buffer__cut(s, now_ns - s->span_ns);
	}
	return 0;
}

uint64_t flight_buffer__begin_ns(const struct flight_buffer *s)
{
	return s->frames.first && s->frames.first->is_mark ? s->frames.first->head.ts_ns : 0;
}

void flight_buffer__once(struct flight_buffer *s, bool on)
{
	s->once = on;
}

bool flight_buffer__was_short(const struct flight_buffer *s)
{
	return s->is_short;
}

uint64_t flight_buffer__lost_bytes(const struct flight_buffer *s)
{
	return s->lost_bytes;
}
