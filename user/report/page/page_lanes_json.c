// SPDX-License-Identifier: BSD-2-Clause
/*
 * "lanes": {"from_ns", "to_ns", "threads": [{"tid", "comm", "role", "pieces": [[kind, from, ns, cpu, note], ...]}],
 * "notes": [...], "signals": [[from, to, sent, delivered]], "asleep", "left_out"}. Times are relative to the pause's
 * begin; kind is an index into "kinds", note one into "notes", or -1.
 */
#include <errno.h>
#include <stdlib.h>

#include "page_lanes.h"
#include "report_rows.h"

#define MAX_NOTES  500
#define RANK_CHAIN 3 /* of threads that everybody waited for; lower: the three that the pause itself names */

/* One thread. */
struct lane {
	uint32_t tid, rank; /* .rank: the lower, the more it matters */
	uint64_t awake_ns;
	uint32_t pieces;
};

static uint32_t rank_of(const struct pause *p, uint32_t tid)
{
	const struct pause_who *who[] = { &p->straggler, &p->initiator, &p->last };

	for (uint32_t i = 0; i < ARRAY_SIZE(who); i++)
		if (who[i]->tid == tid)
			return i;
	for (uint32_t i = 0; i < p->chain.n; i++)
		if (p->chain.at[i].tid == tid)
			return RANK_CHAIN;
	return RANK_CHAIN + 1;
}

static int by_rank(const void *a, const void *b)
{
	const struct lane *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->awake_ns != y->awake_ns)
		return x->awake_ns > y->awake_ns ? -1 : 1;
	return x->tid < y->tid ? -1 : x->tid > y->tid;
}

/* The threads of @pl, and how many; NULL: out of memory. */
static struct lane *lanes_of(const struct pause_lanes *pl, size_t *nr)
{
	struct lane *all = calloc(pl->last.count ?: 1, sizeof(*all));
	struct table at;

	*nr = 0;
	table__init(&at, LANES_PIECES);
	for (size_t i = 0; all && i < pl->nr; i++) {
		const struct lane_piece *p = &pl->pieces[i];
		uint64_t *slot = table__add(&at, p->tid);

		if (!slot) {
			free(all);
			all = NULL;
			break;
		}
		if (!*slot) {
			all[*nr] = (struct lane){ .tid = p->tid, .rank = rank_of(pl->pause, p->tid) };
			*slot = ++*nr;
		}
		all[*slot - 1].pieces++;
		all[*slot - 1].awake_ns += p->kind == SPAN_ASLEEP ? 0 : p->to_ns - p->from_ns;
	}
	table__free(&at);
	if (all)
		qsort(all, *nr, sizeof(*all), by_rank);
	return all;
}

/* ---- what stands beside a piece ---- */

static void owner_text(const struct task_names *n, const struct cpu_owner *o, char *buf, size_t size)
{
	char name[64];

	if (o->name == NAME_IDLE)
		snprintf(buf, size, "nobody");
	else if (o->name == NAME_OTHER && !o->tid)
		snprintf(buf, size, "many tasks in turn");
	else if (o->name < n->nr && (o->name >= NAME_FIRST || o->name == NAME_RECORDER))
		snprintf(buf, size, "%s (%u)%s", sanitize(n->names[o->name], sizeof(n->names[0]), name, sizeof(name)),
			 o->tid, o->of_target ? ", of the target" : "");
	else if (o->tid)
		snprintf(buf, size, "task %u", o->tid);
	else
		snprintf(buf, size, "an unknown task");
}

struct notes {
	json_t *list, *index;
};

/* -1: there is none. */
static int note(struct notes *notes, const struct page_lanes *l, const struct lane_piece *p)
{
	const struct switches *s = l->spans->switches;
	const json_t *known;
	char text[160];

	if (p->kind == SPAN_RUNQUEUE)
		owner_text(&s->names, &p->owner, text, sizeof(text));
	else if (p->kind == SPAN_ASLEEP)
		reason_name(l->whole, &s->reasons[p->reason], text, sizeof(text));
	else
		return -1;
	known = json_object_get(notes->index, text);
	if (known)
		return (int)json_integer_value(known);
	if (json_array_size(notes->list) == MAX_NOTES)
		return -1;
	json_object_set_new(notes->index, text, json_integer((json_int_t)json_array_size(notes->list)));
	json_array_append_new(notes->list, json_string(text));
	return (int)json_array_size(notes->list) - 1;
}

/* ---- all of it ---- */

static const char *role_of(const struct pause *p, uint32_t tid)
{
	if (tid == p->straggler.tid && tid == p->initiator.tid)
		return "initiator, straggler";
	if (tid == p->straggler.tid)
		return p->guessed ? "straggler (a guess)" : "straggler";
	return tid == p->initiator.tid ? "initiator" : tid == p->last.tid ? "last to run" : "";
}

static json_t *thread_json(const struct page_lanes *l, const struct pause_lanes *pl, uint32_t tid, struct notes *notes)
{
	const struct thread *t = threads__last(&l->whole->switches.threads, tid);
	int64_t begin = (int64_t)pl->pause->request_ns;
	json_t *pieces = json_array();
	char comm[64] = "";

	for (size_t i = 0; i < pl->nr; i++) {
		const struct lane_piece *p = &pl->pieces[i];

		if (p->tid == tid)
			json_array_append_new(pieces,
					      json_pack("[i, I, I, i, i]", (int)p->kind,
							(json_int_t)((int64_t)p->from_ns - begin),
							num(p->to_ns - p->from_ns), (int)p->cpu, note(notes, l, p)));
	}
	return json_pack("{s:I, s:s, s:s, s:o}", "tid", (json_int_t)tid, "comm",
			 t ? sanitize(t->comm, sizeof(t->comm), comm, sizeof(comm)) : "", "role",
			 role_of(pl->pause, tid), "pieces", pieces);
}

static json_t *signals_json(const struct pause_lanes *pl)
{
	int64_t begin = (int64_t)pl->pause->request_ns;
	json_t *list = json_array();

	for (unsigned i = 0; i < pl->nr_signals; i++) {
		const struct lane_signal *s = &pl->signals[i];

		json_array_append_new(list, json_pack("[I, I, I, o]", (json_int_t)s->from_tid, (json_int_t)s->to_tid,
						      (json_int_t)((int64_t)s->sent_ns - begin),
						      s->delivered_ns ? json_integer((int64_t)s->delivered_ns - begin) :
									json_null()));
	}
	return list;
}

static json_t *json_of(const struct page_lanes *l, const struct pause_lanes *pl)
{
	struct notes notes = { json_array(), json_object() };
	json_t *threads = json_array();
	uint64_t asleep = 0, left_out = pl->left_out, begin = pl->pause->request_ns;
	size_t nr, shown = 0;
	struct lane *all = lanes_of(pl, &nr);

	for (size_t i = 0; all && i < nr; i++) {
		bool about = all[i].rank < RANK_CHAIN;

		if (!all[i].awake_ns && all[i].rank > RANK_CHAIN) {
			asleep++;
		} else if (!about && shown + all[i].pieces > LANES_SHOWN) {
			left_out += all[i].pieces;
		} else {
			shown += about ? 0 : all[i].pieces;
			json_array_append_new(threads, thread_json(l, pl, all[i].tid, &notes));
		}
	}
	free(all);
	json_decref(notes.index);
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:I, s:I}", "from_ns", (json_int_t)((int64_t)pl->from_ns - begin),
			 "to_ns", num(pl->to_ns - begin), "threads", threads, "notes", notes.list, "signals",
			 signals_json(pl), "asleep", num(asleep), "left_out", num(left_out));
}

json_t *page_lanes__json(const struct page_lanes *l, const struct pause *p)
{
	for (uint32_t i = 0; i < l->nr; i++)
		if (l->all[i].pause == p)
			return json_of(l, &l->all[i]);
	return json_null();
}
