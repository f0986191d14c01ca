// SPDX-License-Identifier: BSD-2-Clause
/*
 * tare.pauses/1. "stopping_ns" and "total_ns" follow the runtime's definition (its own figures, as in "own", if it
 * reports them); "parts" are measured and add up to world_ns. Times in the chain are relative to the pause's start; its
 * segments cover 0 to world_ns without gaps. "causes" are the chain's sums by cause, largest first; they add up to
 * world_ns.
 */
#include <errno.h>
#include <string.h>
#include <jansson.h>

#include "json_impl.h"
#include "pauses.h"
#include "place.h"
#include "process.h"
#include "untold.h"
#include "util.h"

static json_t *text(const char *s)
{
	return s[0] ? json_string(s) : json_null();
}

static json_t *who_json(const struct pause_who *who)
{
	char comm[64];

	if (!who->tid)
		return json_null();
	return json_pack("{s:I, s:o, s:o}", "tid", num(who->tid), "comm",
			 text(sanitize(who->comm, sizeof(who->comm), comm, sizeof(comm))), "goroutine",
			 who->goroutine ? json_integer(num(who->goroutine)) : json_null());
}

/* The functions on the call stack, innermost first. */
static json_t *stack_json(const struct model *m, const struct pause_place *place)
{
	const struct model_symbol *calls[TARE_STACK_FRAMES];
	unsigned n = model_stacks__calls(&m->profile.stacks, place->stack, &m->symbols, place->stack_ns, calls,
					 TARE_STACK_FRAMES);
	json_t *list = json_array();
	char name[256];

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, text(sanitize(calls[i]->name, strlen(calls[i]->name), name, sizeof(name))));
	return list;
}

static json_t *causes_json(const struct model *m, const struct pause *p, const struct pauses_opts *opts)
{
	bool done[PAUSE_NR_CAUSES] = { false };
	json_t *list = json_array();
	struct pause_place place;
	char detail[192];

	for (int best; (best = pause_cause__next(p->cause_ns, done)) >= 0;) {
		struct pause_top top;

		pause__top(p, best, &top);
		pause_place(m, p, best, opts, &place);
		json_array_append_new(list, json_pack("{s:s, s:I, s:o, s:o, s:I, s:I, s:o, s:I, s:o, s:I, s:o}",
						      "cause", pause_cause_name(best), "ns", num(p->cause_ns[best]),
						      "detail", text(pause_detail(m, p, best, opts, detail)), "tid",
						      top.seg.tid ? json_integer(top.seg.tid) : json_null(),
						      "detail_ns", num(top.ns), "seen_ns", num(top.firm_ns), "function",
						      text(place.function), "function_ns", num(place.function_ns),
						      "caller", text(place.caller), "caller_ns", num(place.caller_ns),
						      "stack", stack_json(m, &place)));
	}
	return list;
}

/* A segment in the same words as a cause: as if it were the whole pause. */
static json_t *seg_json(const struct model *m, const struct pause *p, const struct pause_seg *s,
			const struct pauses_opts *opts)
{
	struct pause alone = { .tgid = p->tgid,
			       .process = p->process,
			       .chain = { .at = (struct pause_seg *)s, .n = 1 } };
	char detail[192];

	return json_pack("{s:I, s:I, s:s, s:s, s:o, s:o, s:b, s:b}", "start_ns", num(s->start_ns - p->request_ns), "ns",
			 num(s->end_ns - s->start_ns), "part", pause_part_name(s->part), "cause",
			 pause_cause_name(s->cause), "tid", s->tid ? json_integer(s->tid) : json_null(), "detail",
			 text(pause_detail(m, &alone, s->cause, opts, detail)), "on_cpu", s->on_cpu, "seen", s->firm);
}

static json_t *chain_json(const struct model *m, const struct pause *p, const struct pauses_opts *opts)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->chain.n; i++)
		json_array_append_new(list, seg_json(m, p, &p->chain.at[i], opts));
	return list;
}

static json_t *own_json(const struct pause *p)
{
	bool has = p->own_total_ns != TARE_UNKNOWN;

	return json_pack("{s:o, s:o, s:o}", "stopping_ns", counter(p->own_stopping_ns), "total_ns",
			 counter(p->own_total_ns), "left_out_ns",
			 has ? json_integer((json_int_t)(pause__world_ns(p) - p->own_total_ns)) : json_null());
}

json_t *json__pause(const struct model *m, const struct pause *p, const struct pauses_opts *opts)
{
	const char *comm = model__process_name(m, p->process);
	uint64_t born = model__process_born_ns(m, p->process);
	char reason[64], sentence[640];
	struct pause_verdict v;
	json_t *o = json_object();

	pause__verdict(p, &v);
	json_object_set_new(o, "start_ns", json_integer(num(p->request_ns)));
	json_object_set_new(o, "offset_ns", json_integer((json_int_t)(p->request_ns - m->begin_ns)));
	json_object_set_new(o, "pid", json_integer(p->tgid));
	json_object_set_new(o, "pid_born_ns", born ? json_integer(num(born)) : json_null());
	json_object_set_new(o, "comm", text(sanitize(comm, strlen(comm), reason, sizeof(reason))));
	json_object_set_new(o, "reason", json_string(pause_reason_name(p->reason_name, p->reason, reason)));
	json_object_set_new(o, "reason_number", counter(p->reason));
	json_object_set_new(o, "stopping_ns", json_integer(num(pause__stopping_ns(p))));
	json_object_set_new(o, "total_ns", json_integer(num(pause__total_ns(p))));
	json_object_set_new(o, "world_ns", json_integer(num(pause__world_ns(p))));
	json_object_set_new(o, "parts",
			    json_pack("{s:I, s:I, s:I}", "stopping_ns", num(p->part_ns[PAUSE_STOPPING]), "stopped_ns",
				      num(p->part_ns[PAUSE_STOPPED]), "restart_ns", num(p->part_ns[PAUSE_RESTART])));
	json_object_set_new(o, "turn_wait_ns", counter(p->turn_ns));
	json_object_set_new(o, "own", own_json(p));
	json_object_set_new(o, "initiator", who_json(&p->initiator));
	json_object_set_new(o, "straggler", who_json(&p->straggler));
	json_object_set_new(o, "last_to_run", who_json(&p->last));
	json_object_set_new(o, "causes", causes_json(m, p, opts));
	json_object_set_new(o, "main_cause", json_string(pause_cause_name(v.cause)));
	json_object_set_new(o, "main_cause_ns", json_integer(num(v.ns)));
	json_object_set_new(o, "verdict", json_string(pause_sentence(m, p, opts, sentence)));
	json_object_set_new(o, "confidence", json_real(v.confidence));
	json_object_set_new(o, "guessed", json_boolean(p->guessed));
	json_object_set_new(o, "lost", json_boolean(p->lost));
	json_object_set_new(o, "chain", chain_json(m, p, opts));
	return o;
}

int report__pauses_json(const struct model *m, FILE *to, const struct pauses_opts *opts)
{
	const struct pauses *ps = &m->pauses;
	uint32_t shown = opts->longest && opts->longest < ps->nr_kept ? opts->longest : ps->nr_kept;
	json_t *list = json_array(), *by_cause = json_object(), *notes = json_array(), *root;

	for (uint32_t i = 0; i < shown; i++)
		json_array_append_new(list, json__pause(m, ps->kept[i], opts));
	for (unsigned i = 0; i < PAUSE_NR_CAUSES; i++)
		json_object_set_new(by_cause, pause_cause_name(i), json_integer(num(ps->cause_ns[i])));
	if (!ps->runtime_events)
		json_array_append_new(notes,
				      json_string("count: the target's runtime tells nothing in this recording"));
	untold__add_notes(m, notes);
	root = json_pack("{s:s, s:I, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "schema", "tare.pauses/1", "duration_ns",
			 num(model__duration(m)), "count",
			 ps->runtime_events ? json_integer(num(ps->count)) : json_null(), "shown", num(shown), "lost",
			 num(ps->lost), "unfinished", num(ps->unfinished), "world_ns", num(ps->world.total),
			 "by_cause_ns", by_cause, "notes", notes, "pauses", list);
	return json__write(root, JSON_INDENT(2), to);
}
