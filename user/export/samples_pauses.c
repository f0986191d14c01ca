// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "process.h"
#include "samples.h"
#include "util.h"

static void add(struct sample_stack *s, const char *name)
{
	if (s->nr < SAMPLE_FRAMES)
		s->frames[s->nr++] = (struct sample_frame){ .name = name, .file = "" };
}

/* From the inside: what ran, the cause, the part of the pause, its reason. */
static void fill(struct sample_stack *s, const struct model *m, const struct pause *p, const struct pause_seg *seg,
		 const char *reason)
{
	const struct model_stack *st = model_stacks__find(&m->profile.stacks, seg->stack);

	s->pid = p->tgid;
	s->process = model__process_name(m, p->process);
	s->nr = 0;
	s->values[0] = seg == p->chain.at;
	s->values[1] = seg->end_ns - seg->start_ns;
	if (st)
		sample_stack__add(s, m, st, false);
	add(s, pause_cause_name(seg->cause));
	add(s, pause_part_name(seg->part));
	add(s, reason);
}

int samples__for_each_pause(const struct model *m, int (*visit)(const struct sample_stack *s, void *ctx), void *ctx)
{
	struct sample_stack *s = calloc(1, sizeof(*s));
	int ret = s ? 0 : -ENOMEM;
	char number[40];

	for (uint32_t i = 0; !ret && i < m->pauses.nr_kept; i++) {
		const struct pause *p = m->pauses.kept[i];

		snprintf(number, sizeof(number), "reason %llu", (unsigned long long)p->reason);
		for (uint32_t k = 0; !ret && k < p->chain.n; k++) {
			fill(s, m, p, &p->chain.at[k], p->reason_name ?: number);
			ret = visit(s, ctx);
		}
	}
	if (!ret && !m->pauses.nr_kept)
		warn("the recording has no pauses");
	free(s);
	return ret;
}
