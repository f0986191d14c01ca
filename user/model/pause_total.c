// SPDX-License-Identifier: BSD-2-Clause
/* Totals of pauses: sums by cause and by reason, the longest pauses whole, and why each took so long. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "pause_process.h"

const char *pause_cause_name(unsigned cause)
{
	static const char *const names[PAUSE_NR_CAUSES] = {
		[PAUSE_RUNTIME] = "runtime",	 [PAUSE_USER] = "user",	      [PAUSE_KERNEL] = "kernel",
		[PAUSE_FAULT] = "fault",	 [PAUSE_BLOCKED] = "blocked", [PAUSE_RUNQUEUE] = "runqueue",
		[PAUSE_THROTTLED] = "throttled", [PAUSE_SIGNAL] = "signal",   [PAUSE_IRQ] = "irq",
		[PAUSE_STEAL] = "steal",	 [PAUSE_WAKEUP] = "wakeup",   [PAUSE_UNEXPLAINED] = "unexplained",
	};

	return cause < PAUSE_NR_CAUSES ? names[cause] : "unknown";
}

const char *pause_part_name(unsigned part)
{
	static const char *const names[PAUSE_NR_PARTS] = {
		[PAUSE_STOPPING] = "stopping",
		[PAUSE_STOPPED] = "stopped",
		[PAUSE_RESTART] = "restart",
	};

	return part < PAUSE_NR_PARTS ? names[part] : "unknown";
}

static void pause__sum(struct pause *p)
{
	uint64_t sum = 0, world = pause__world_ns(p);

	p->part_ns[PAUSE_STOPPING] = p->stopped_ns - p->request_ns;
	p->part_ns[PAUSE_STOPPED] = p->restart_ns - p->stopped_ns;
	p->part_ns[PAUSE_RESTART] = p->end_ns - p->restart_ns;
	for (uint32_t i = 0; i < p->chain.n; i++) {
		const struct pause_seg *s = &p->chain.at[i];

		p->cause_ns[s->cause] += s->end_ns - s->start_ns;
		sum += s->end_ns - s->start_ns;
	}
	/* only if memory for a segment was missing */
	p->cause_ns[PAUSE_UNEXPLAINED] += world - sum;
}

static bool same_story(const struct pause_seg *a, const struct pause_seg *b)
{
	if (a->cause != b->cause || a->tid != b->tid || a->detail != b->detail)
		return false;
	if (a->cause != PAUSE_RUNQUEUE)
		return true;
	/* the threads of a program share a name */
	return a->name == b->name && (a->name >= NAME_FIRST || a->other == b->other);
}

static uint64_t length(const struct pause_seg *s)
{
	return s->end_ns - s->start_ns;
}

void pause__top(const struct pause *p, enum pause_cause cause, struct pause_top *top)
{
	const struct segs *c = &p->chain;

	*top = (struct pause_top){ 0 };
	for (uint32_t i = 0; i < c->n; i++) {
		const struct pause_seg *s = &c->at[i], *longest = s;
		uint64_t ns = 0;

		if (s->cause != cause)
			continue;
		top->firm_ns += s->firm ? length(s) : 0;
		for (uint32_t j = i; j < c->n; j++) {
			if (!same_story(s, &c->at[j]))
				continue;
			ns += length(&c->at[j]);
			if (length(&c->at[j]) > length(longest))
				longest = &c->at[j];
		}
		if (ns > top->ns) {
			top->ns = ns;
			top->seg = *longest;
		}
	}
}

int pause_cause__next(const uint64_t ns[PAUSE_NR_CAUSES], bool done[PAUSE_NR_CAUSES])
{
	int best = -1;

	for (int i = 0; i < PAUSE_NR_CAUSES; i++) {
		if (!done[i] && ns[i] && (best < 0 || ns[i] > ns[best]))
			best = i;
	}
	if (best >= 0)
		done[best] = true;
	return best;
}

void pause__verdict(const struct pause *p, struct pause_verdict *v)
{
	int cause = pause_cause__next(p->cause_ns, (bool[PAUSE_NR_CAUSES]){ false });

	*v = (struct pause_verdict){ .cause = PAUSE_RUNTIME };
	if (cause >= 0) {
		v->cause = cause;
		v->ns = p->cause_ns[cause];
	}
	pause__top(p, v->cause, &v->top);
	for (uint32_t i = 0; i < p->chain.n; i++) {
		const struct pause_seg *s = &p->chain.at[i];

		if (s->cause != v->cause)
			continue;
		v->thread_ns += s->tid == v->top.seg.tid ? length(s) : 0;
		v->part_ns += s->part == v->top.seg.part ? length(s) : 0;
	}
	v->guessed = p->guessed && v->top.seg.part == PAUSE_STOPPING && v->top.seg.tid == p->straggler.tid;
	v->confidence = v->ns && !p->lost ? (double)v->top.firm_ns / v->ns : 0;
	if (v->guessed)
		v->confidence /= 2;
}

static bool same_reason(const struct pause_reason *r, const struct pause *p)
{
	if (r->name && p->reason_name)
		return !strcmp(r->name, p->reason_name);
	return r->name == p->reason_name && r->reason == p->reason;
}

static void pauses__add_reason(struct pauses *ps, const struct pause *p)
{
	unsigned i = 0;
	struct pause_reason *r;

	while (i < ps->nr_reasons && !same_reason(&ps->reasons[i], p))
		i++;
	if (i == PAUSES_MAX_REASONS)
		i--;
	r = &ps->reasons[i];
	if (i == ps->nr_reasons) {
		r->reason = p->reason;
		r->name = p->reason_name;
		ps->nr_reasons++;
	} else if (!same_reason(r, p)) {
		r->reason = TARE_UNKNOWN;
		r->name = NULL;
	}
	r->count++;
	r->total_ns += pause__total_ns(p);
	r->world_ns += pause__world_ns(p);
	if (pause__world_ns(p) > r->max_ns)
		r->max_ns = pause__world_ns(p);
}

static void pauses__add_to_process(struct pauses *ps, const struct pause *p)
{
	bool has_row = ps->nr_by_process < PAUSES_MAX_PROCESSES - 1 || table__find(&ps->process_of, p->process);
	uint64_t process = has_row ? p->process : 0, *slot = table__find(&ps->process_of, process);
	struct pauses_of *of;

	if (!slot) {
		if (ARRAY_GROW(ps->by_process, ps->room_by_process, ps->nr_by_process + 1))
			return;
		slot = table__add(&ps->process_of, process);
		if (!slot)
			return;
		*slot = ps->nr_by_process;
		ps->by_process[ps->nr_by_process++] = (struct pauses_of){ .process = process };
	}
	of = &ps->by_process[*slot];
	of->count++;
	of->world_ns += pause__world_ns(p);
	if (pause__world_ns(p) > of->max_ns)
		of->max_ns = pause__world_ns(p);
}

static bool is_shorter(const struct pause *a, const struct pause *b)
{
	if (pause__world_ns(a) != pause__world_ns(b))
		return pause__world_ns(a) < pause__world_ns(b);
	return a->seq > b->seq;
}

static void sift_down(struct pause **heap, uint32_t n, uint32_t i)
{
	for (;;) {
		uint32_t child = 2 * i + 1;
		struct pause *moved = heap[i];

		if (child >= n)
			return;
		if (child + 1 < n && is_shorter(heap[child + 1], heap[child]))
			child++;
		if (!is_shorter(heap[child], moved))
			return;
		heap[i] = heap[child];
		heap[child] = moved;
		i = child;
	}
}

/* ps->kept is a heap with the shortest pause on top, which is dropped first. */
static void pauses__keep(struct pauses *ps, struct pause *p)
{
	uint32_t limit = ps->keep ? ps->keep : PAUSES_KEEP;

	if (ps->nr_kept < limit) {
		if (ARRAY_GROW(ps->kept, ps->room_kept, ps->nr_kept + 1)) {
			pause__free(p);
			return;
		}
		ps->kept[ps->nr_kept++] = p;
		for (uint32_t i = ps->nr_kept - 1; i && is_shorter(ps->kept[i], ps->kept[(i - 1) / 2]);
		     i = (i - 1) / 2) {
			struct pause *up = ps->kept[(i - 1) / 2];

			ps->kept[(i - 1) / 2] = ps->kept[i];
			ps->kept[i] = up;
		}
		return;
	}
	if (!is_shorter(ps->kept[0], p)) {
		pause__free(p);
		return;
	}
	pause__free(ps->kept[0]);
	ps->kept[0] = p;
	sift_down(ps->kept, ps->nr_kept, 0);
}

void pauses__add(struct pauses *ps, struct pause *p)
{
	struct pause_verdict v;

	p->seq = ++ps->seq;
	if (!p->reason_name) /* names are reported when a program becomes known, which may be after its first pause */
		p->reason_name = runtime_names__find(ps->names, p->tgid, TARE_NAME_STOP_REASON, p->reason);
	pause__sum(p);
	if (ps->accept && !ps->accept(ps->accept_ctx, p)) {
		pause__free(p);
		return;
	}
	ps->count++;
	ps->lost += p->lost;
	hist__record(&ps->stopping, pause__stopping_ns(p));
	hist__record(&ps->total, pause__total_ns(p));
	hist__record(&ps->world, pause__world_ns(p));
	for (unsigned i = 0; i < PAUSE_NR_CAUSES; i++)
		ps->cause_ns[i] += p->cause_ns[i];
	pause__verdict(p, &v);
	ps->cause_count[v.cause]++;
	if (p->own_total_ns != TARE_UNKNOWN) {
		ps->own_count++;
		ps->own_total_ns += p->own_total_ns;
		ps->own_world_ns += pause__world_ns(p);
	}
	if (p->ps != TARE_UNKNOWN && p->ps <= UINT32_MAX)
		ps->stopped_p_ns += p->ps * pause__world_ns(p);
	pauses__add_reason(ps, p);
	pauses__add_to_process(ps, p);
	pauses__keep(ps, p);
}

static int longest_first(const void *a, const void *b)
{
	const struct pause *x = *(struct pause *const *)a, *y = *(struct pause *const *)b;

	return is_shorter(x, y) ? 1 : is_shorter(y, x) ? -1 : 0;
}

void pauses__sort(struct pauses *ps)
{
	if (ps->nr_kept)
		qsort(ps->kept, ps->nr_kept, sizeof(struct pause *), longest_first);
}
