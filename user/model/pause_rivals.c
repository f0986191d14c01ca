// SPDX-License-Identifier: BSD-2-Clause
#include "pause_rivals.h"
#include "pause_seg.h"

#define MAX_PIECES 16 /* in one wait */

/* Who had the CPU for how long, in time order. */
struct owners {
	struct pause_seg at[MAX_PIECES];
	uint64_t ns[MAX_PIECES];
	unsigned n;
	bool mixed; /* some took turns: their times are summed per task */
};

static bool same_owner(const struct pause_seg *a, const struct pause_seg *b)
{
	return a->cause == b->cause && a->other == b->other && a->name == b->name;
}

static void owners__add(struct owners *o, const struct pause_seg *s, uint64_t ns)
{
	unsigned i = o->n && !o->mixed ? o->n - 1 : 0;

	if (!ns)
		return;
	while (i < o->n && !same_owner(&o->at[i], s))
		i++;
	if (i == MAX_PIECES && !o->mixed) {
		/* too many turns to list one by one */
		struct owners all = *o;

		*o = (struct owners){ .mixed = true };
		for (i = 0; i < all.n; i++)
			owners__add(o, &all.at[i], all.ns[i]);
		owners__add(o, s, ns);
		return;
	}
	if (i == MAX_PIECES)
		/* the last row is for all without one */
		o->at[--i] = (struct pause_seg){
			.tid = s->tid, .cpu = s->cpu, .cause = PAUSE_RUNQUEUE, .name = NAME_OTHER, .firm = true
		};
	else if (i == o->n)
		o->at[o->n++] = *s;
	o->ns[i] += ns;
}

struct wait_reader {
	uint32_t tid;
	uint16_t cpu;
	uint64_t begin_ns, cut_ns;
	uint64_t pos_ns; /* .out is complete until then */
	struct owners owners;
	struct segs *out;
};

static void wait_reader__flush(struct wait_reader *r)
{
	for (unsigned i = 0; i < r->owners.n; i++) {
		uint64_t from = r->pos_ns > r->begin_ns ? r->pos_ns : r->begin_ns;

		r->pos_ns += r->owners.ns[i];
		segs__push(r->out, from, r->pos_ns, &r->owners.at[i]);
	}
	r->owners = (struct owners){ .n = 0 };
}

static void wait_reader__take(void *ctx, const struct cpu_turn *turn)
{
	const struct cpu_owner *o = &turn->owner;
	struct wait_reader *r = ctx;
	struct pause_seg s = { .tid = r->tid, .cause = PAUSE_WAKEUP, .firm = true };
	uint64_t from = turn->from_ns;

	if (o->name != NAME_IDLE && o->tid != r->tid)
		s = (struct pause_seg){ .tid = r->tid,
					.cpu = turn->cpu,
					.cause = PAUSE_RUNQUEUE,
					.firm = true,
					.name = o->name,
					.other = o->tid,
					.of_target = o->of_target };
	if (turn->cpu != r->cpu)
		wait_reader__flush(r);
	r->cpu = turn->cpu;
	if (from <= r->cut_ns && r->cut_ns < turn->to_ns) {
		owners__add(&r->owners, &s, r->cut_ns - from);
		wait_reader__flush(r);
		from = r->cut_ns;
	}
	owners__add(&r->owners, &s, turn->to_ns - from);
}

void pause_rivals__wait(const struct pauses *ps, const struct cpu_wait *wait, uint64_t begin_ns, uint64_t cut_ns,
			struct segs *out)
{
	struct wait_reader r = {
		.tid = wait->tid, .begin_ns = begin_ns, .cut_ns = cut_ns, .pos_ns = wait->from_ns, .out = out
	};

	cpu_history__wait(&ps->switches->history, wait, wait_reader__take, &r);
	wait_reader__flush(&r);
}
