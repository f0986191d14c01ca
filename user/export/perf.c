// SPDX-License-Identifier: BSD-2-Clause
/* perf.data, as `perf record` writes it. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "loss.h"
#include "mappings.h"
#include "perf_events.h"
#include "perf_file.h"
#include "util.h"
#include "in_order.h"

struct perf {
	const struct export_opts *opts;
	struct perf_events events;
	struct perf_file file;
	struct in_order in_order;
	struct mappings mappings;
	struct table lost;  /* class and CPU to how many were */
	struct table named; /* tasks that are no targets, by tid */
	struct table since; /* pid to when its program began: its files are there from then on */
	struct perf_kind kinds[PERF_NR_KINDS];
	struct perf_record record;
	uint64_t first_ns, last_ns, left_out;
	bool kernel_told;
};

static int put(struct perf *p, uint64_t ts_ns)
{
	if (!perf_record__end(&p->record)) {
		p->left_out++;
		return 0;
	}
	return in_order__add(&p->in_order, ts_ns, p->record.data, p->record.len);
}

/* ---- samples ---- */

static unsigned nr_kernel(const struct perf_sample *s)
{
	return s->stack.stack ? s->stack.stack->nr_kernel - s->stack.first : 0;
}

/* 0: not known */
static uint64_t innermost(const struct perf_sample *s)
{
	return nr_kernel(s) + s->stack.nr_user ? s->stack.stack->at[s->stack.first] : 0;
}

static void put_chain(struct perf_record *r, const struct perf_sample *s)
{
	const struct model_stack *st = s->stack.stack;
	unsigned kernel = nr_kernel(s), user = s->stack.nr_user;

	perf_record__u64(r, kernel + user + !!kernel + !!user);
	if (kernel)
		perf_record__u64(r, PERF_CONTEXT_KERNEL);
	for (unsigned i = 0; i < kernel; i++)
		perf_record__u64(r, st->at[s->stack.first + i]);
	if (user)
		perf_record__u64(r, PERF_CONTEXT_USER);
	for (unsigned i = 0; i < user; i++)
		perf_record__u64(r, st->at[st->nr_kernel + i]);
}

static int on_sample(void *ctx, const struct perf_sample *s)
{
	struct perf *p = ctx;
	struct perf_record *r = &p->record;
	uint64_t type = perf_file__sample_type(s->kind);
	uint8_t raw[PERF_RAW_MAX + 4];
	uint32_t len;

	if (!p->first_ns || s->ts_ns < p->first_ns)
		p->first_ns = s->ts_ns;
	if (s->ts_ns > p->last_ns)
		p->last_ns = s->ts_ns;
	perf_record__begin(r, PERF_RECORD_SAMPLE, nr_kernel(s) ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER);
	perf_record__u64(r, perf_file__id(s->kind));
	perf_record__u64(r, innermost(s));
	perf_record__u32(r, s->who.tid ? s->who.tgid : 0);
	perf_record__u32(r, s->who.tid);
	perf_record__u64(r, s->ts_ns);
	perf_record__u32(r, s->cpu);
	perf_record__u32(r, 0);
	perf_record__u64(r, s->period);
	if (type & PERF_SAMPLE_CALLCHAIN)
		put_chain(r, s);
	if (type & PERF_SAMPLE_RAW) {
		/* its length and it are a multiple of 8 together */
		len = perf_kind__raw(&p->kinds[s->kind], s->who.tid, s->values, raw);
		len += (len + 4) % 8;
		perf_record__u32(r, len);
		perf_record__put(r, raw, len);
	}
	return put(p, s->ts_ns);
}

/* ---- threads and what is mapped ---- */

static int put_comm(struct perf *p, uint64_t ts_ns, uint32_t pid, uint32_t tid, const char *comm, bool exec)
{
	struct perf_record *r = &p->record;
	char safe[TARE_COMM_LEN + 1];

	sanitize(comm, TARE_COMM_LEN, safe, sizeof(safe));
	perf_record__begin(r, PERF_RECORD_COMM, exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
	perf_record__u32(r, pid);
	perf_record__u32(r, tid);
	perf_record__text(r, safe, sizeof(safe));
	perf_record__id(r, pid, tid, ts_ns, 0);
	return put(p, ts_ns);
}

static int put_task(struct perf *p, uint32_t type, uint64_t ts_ns, const uint32_t ids[4], unsigned cpu)
{
	struct perf_record *r = &p->record;

	perf_record__begin(r, type, 0);
	for (int i = 0; i < 4; i++)
		perf_record__u32(r, ids[i]);
	perf_record__u64(r, ts_ns);
	perf_record__id(r, ids[0], ids[2], ts_ns, cpu);
	return put(p, ts_ns);
}

static int on_task(struct perf *p, const struct event *ev)
{
	char comm[TARE_COMM_LEN + 1] = "";

	if (ev->task->phase) /* its name then is that of its last rename */
		return 0;
	memcpy(comm, ev->task->comm, TARE_COMM_LEN);
	return put_comm(p, ev->task->ts_ns, ev->task->tgid, ev->task->tid, comm, false);
}

/* Of a task that is no target: its first name was its name before that too, as a waker of a thread that came later. */
static int on_name(struct perf *p, const struct event *ev)
{
	uint64_t *named = table__add(&p->named, ev->name.tid);
	uint64_t ts_ns = named && !*named ? 0 : ev->ts_ns;

	if (named)
		*named = 1;
	return put_comm(p, ts_ns, ev->name.tgid, ev->name.tid, ev->name.comm, false);
}

static int on_rename(struct perf *p, const struct event *ev)
{
	return put_comm(p, ev->ts_ns, ev->name.tgid, ev->name.tid, ev->name.comm, false);
}

static void begin_program(struct perf *p, uint32_t pid, uint64_t ts_ns)
{
	uint64_t *since = table__add(&p->since, pid);

	if (since)
		*since = ts_ns;
}

static int on_fork(struct perf *p, const struct event *ev)
{
	const uint32_t ids[] = { ev->fork.tgid, ev->fork.parent_tgid, ev->fork.tid, ev->fork.parent_tid };
	int ret = put_task(p, PERF_RECORD_FORK, ev->ts_ns, ids, ev->cpu);

	if (!ret && ev->fork.tid == ev->fork.tgid)
		begin_program(p, ev->fork.tid, ev->ts_ns);
	return ret ? ret : put_comm(p, ev->ts_ns, ev->fork.tgid, ev->fork.tid, ev->fork.comm, false);
}

static int on_exec(struct perf *p, const struct event *ev)
{
	begin_program(p, ev->exec.tid, ev->ts_ns);
	return put_comm(p, ev->ts_ns, ev->exec.tid, ev->exec.tid, ev->exec.comm, true);
}

static int on_thread_exit(struct perf *p, const struct event *ev)
{
	const uint32_t ids[] = { ev->exit.tgid, ev->exit.tgid, ev->exit.tid, ev->exit.tid };

	/* its last switch is still to come, at the same time */
	return put_task(p, PERF_RECORD_EXIT, ev->ts_ns + 1, ids, ev->cpu);
}

/* Without the file's inode or rights, which nobody needs. */
static int on_module(struct perf *p, const struct event *ev)
{
	const struct tare_module *head = ev->module.head;
	const uint64_t *since = table__find(&p->since, head->pid);
	bool has_id = head->build_id_len && head->build_id_len <= 20;
	struct perf_record *r = &p->record;
	uint8_t id[24] = { 0 };

	id[0] = has_id ? head->build_id_len : 0;
	if (has_id)
		memcpy(id + 4, head->build_id, head->build_id_len);
	perf_record__begin(r, PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER | (has_id ? PERF_RECORD_MISC_MMAP_BUILD_ID : 0));
	perf_record__u32(r, head->pid);
	perf_record__u32(r, head->pid);
	perf_record__u64(r, head->start);
	perf_record__u64(r, head->end - head->start);
	perf_record__u64(r, head->offset);
	perf_record__put(r, id, sizeof(id));
	perf_record__u32(r, 5); /* PROT_READ | PROT_EXEC */
	perf_record__u32(r, 2); /* MAP_PRIVATE */
	perf_record__text(r, ev->module.path, head->path_len);
	perf_record__id(r, head->pid, head->pid, since ? *since : 0, 0);
	return put(p, since ? *since : 0);
}

/* What is only thinned, and switches of others, are no loss to perf. */
static int on_loss(struct perf *p, const struct event *ev)
{
	const struct tare_loss *loss = ev->loss;
	uint64_t lost = loss__grown(&p->lost, loss);
	struct perf_record *r = &p->record;

	if (!lost || loss->cls == TARE_LOST_OTHER || !TARE_LOST_EVENTS(loss->cls))
		return 0;
	perf_record__begin(r, PERF_RECORD_LOST, 0);
	perf_record__u64(r, perf_file__id(PERF_SCHED_SWITCH));
	perf_record__u64(r, lost);
	perf_record__id(r, 0, 0, ev->ts_ns, loss->cpu);
	return put(p, ev->ts_ns);
}

/* The kernel's own code, from where its first symbol was: it moves at each boot. */
static int put_kernel(struct perf *p)
{
	static const char name[] = "[kernel.kallsyms]_text";
	const char *hex = model__info(p->opts->whole, TARE_INFO_KERNEL_TEXT);
	uint64_t text = hex ? strtoull(hex, NULL, 16) : 0;
	struct perf_record *r = &p->record;

	p->kernel_told = true;
	if (!text)
		return 0;
	perf_record__begin(r, PERF_RECORD_MMAP, PERF_RECORD_MISC_KERNEL);
	perf_record__u32(r, -1);
	perf_record__u32(r, 0);
	perf_record__u64(r, text);
	perf_record__u64(r, ~0xffful - text);
	perf_record__u64(r, text);
	perf_record__text(r, name, sizeof(name));
	perf_record__id(r, -1, 0, 0, 0);
	return put(p, 0);
}

static int describe(struct perf *p, const struct event *ev)
{
	static int (*const handlers[NR_EVENTS])(struct perf * p, const struct event *ev) = {
		[EVENT_TASK] = on_task,	    [EVENT_NAME] = on_name, [EVENT_RENAME] = on_rename,
		[EVENT_FORK] = on_fork,	    [EVENT_EXEC] = on_exec, [EVENT_EXIT] = on_thread_exit,
		[EVENT_MODULE] = on_module, [EVENT_LOSS] = on_loss,
	};
	int ret = p->kernel_told ? 0 : put_kernel(p);

	return ret || !handlers[ev->kind] ? ret : handlers[ev->kind](p, ev);
}

/* ---- the exporter ---- */

static void perf__free(struct perf *p)
{
	perf_events__free(&p->events);
	in_order__free(&p->in_order);
	mappings__free(&p->mappings);
	table__free(&p->since);
	table__free(&p->named);
	table__free(&p->lost);
	free(p);
}

static int perf__begin(FILE *to, const struct export_opts *opts, void **state)
{
	struct perf *p = calloc(1, sizeof(*p));
	int ret = p ? 0 : -ENOMEM;

	if (ret)
		return ret;
	p->opts = opts;
	table__init(&p->since, 1u << 16);
	table__init(&p->named, 1u << 20);
	table__init(&p->lost, 1u << 16);
	for (unsigned i = 0; i < PERF_NR_KINDS; i++)
		p->kinds[i] = perf_kind(i);
	ret = perf_events__init(&p->events, opts, on_sample, p);
	if (!ret)
		ret = in_order__init(&p->in_order, to, export__longest_wait(opts->whole));
	if (!ret)
		ret = perf_file__begin(&p->file, to);
	if (ret)
		perf__free(p);
	else
		*state = p;
	return ret;
}

static int perf__event(void *state, const struct event *ev)
{
	struct perf *p = state;
	int ret = mappings__event(&p->mappings, ev);

	if (!ret)
		ret = describe(p, ev);
	return ret ? ret : perf_events__event(&p->events, ev);
}

static int perf__end(void *state)
{
	struct perf *p = state;
	FILE *to = p->in_order.to;
	int ret = ferror(to) ? 0 : perf_events__finish(&p->events);

	if (!ret && !ferror(to))
		ret = in_order__flush(&p->in_order);
	if (!ret && !ferror(to))
		ret = perf_file__end(&p->file, p->opts, &p->mappings, p->first_ns, p->last_ns);
	if (p->left_out)
		info("%llu records are longer than perf takes and were left out", (unsigned long long)p->left_out);
	perf__free(p);
	return ret;
}

const struct exporter exporter_perf = {
	.name = "perf",
	.what = "perf.data, for perf report, script and sched, and hotspot",
	.endings = "perf.data .perf.data",
	.binary = true,
	.twice = true,
	.seeks = true,
	.begin = perf__begin,
	.event = perf__event,
	.end = perf__end,
};
