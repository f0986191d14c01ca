// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <time.h>

#include "limit.h"
#include "pauses.h"
#include "util.h"

/* The local time of day at @ts_ns. */
static void time_of_day(const struct model *m, uint64_t ts_ns, char *buf, size_t size)
{
	uint64_t real_ns = ts_ns - m->header.mono_ns + m->header.real_ns;
	time_t seconds = real_ns / NSEC_PER_SEC;
	char hms[16];
	struct tm tm;

	if (!m->has_header || !localtime_r(&seconds, &tm) || !strftime(hms, sizeof(hms), "%H:%M:%S", &tm))
		snprintf(buf, size, "a time that is not known");
	else
		snprintf(buf, size, "%s.%03u", hms, (unsigned)(real_ns % NSEC_PER_SEC / 1000000));
}

bool limit__pause(struct limit *l, const struct model *m, const struct pause *p)
{
	static const struct pauses_opts opts;
	uint64_t world_ns = pause__world_ns(p), begin_ns = model__begin(m), after_ns = p->request_ns - begin_ns;
	char length[16], limit[16], after[16], when[32], reason[64], why[640];

	if (!l->ns || world_ns <= l->ns)
		return false;
	l->count++;
	if (world_ns <= l->longest_ns)
		return true;
	l->longest_ns = world_ns;
	time_of_day(m, p->request_ns, when, sizeof(when));
	snprintf(l->text, sizeof(l->text),
		 "a stop-the-world pause of %s, longer than %s, at %s (%s after the begin; %s): %s",
		 fmt_ns(world_ns, length), fmt_ns(l->ns, limit), when,
		 fmt_ns(begin_ns < p->request_ns ? after_ns : 0, after),
		 pause_reason_name(p->reason_name, p->reason, reason), pause_sentence(m, p, &opts, why));
	return true;
}

void limit__model(struct limit *l, const struct model *m)
{
	for (uint32_t i = 0; i < m->pauses.nr_kept; i++)
		limit__pause(l, m, m->pauses.kept[i]);
}
