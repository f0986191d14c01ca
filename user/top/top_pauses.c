// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "pauses.h"
#include "top_pauses.h"

static void keep_if_long(struct top_pauses *ps, const struct top_pause *p)
{
	unsigned nr = top_pauses__kept(ps), at = nr;

	while (at && ps->longest[at - 1].world_ns < p->world_ns)
		at--;
	if (at == TOP_PAUSES_KEPT)
		return;
	if (nr == TOP_PAUSES_KEPT)
		nr--;
	memmove(&ps->longest[at + 1], &ps->longest[at], (nr - at) * sizeof(*p));
	ps->longest[at] = *p;
}

void top_pauses__add(struct top_pauses *ps, const struct model *m, const struct pause *p)
{
	static const struct pauses_opts opts;
	struct top_pause *to = &ps->latest[ps->nr % TOP_PAUSES_KEPT];
	struct pause_verdict v;

	pause__verdict(p, &v);
	to->request_ns = p->request_ns;
	to->world_ns = pause__world_ns(p);
	to->seq = p->seq;
	to->pid = p->tgid;
	to->lost = p->lost;
	pause_reason_name(p->reason_name, p->reason, to->reason);
	snprintf(to->cause, sizeof(to->cause), "%s", pause_cause_name(v.cause));
	pause_sentence(m, p, &opts, to->sentence);
	keep_if_long(ps, to);
	ps->nr++;
}

const struct top_pause *top_pauses__get(const struct top_pauses *ps, bool by_length, unsigned i)
{
	return by_length ? &ps->longest[i] : &ps->latest[(ps->nr - 1 - i) % TOP_PAUSES_KEPT];
}
