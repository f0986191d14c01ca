/* SPDX-License-Identifier: BSD-2-Clause */
/* The stacks of a recording, for the formats that take sums by stack: how much of what each stands for. */
#ifndef TARE_EXPORT_SAMPLES_H
#define TARE_EXPORT_SAMPLES_H

#include "export.h"
#include "mappings.h"
#include "model.h"

#define SAMPLE_FRAMES 512

/* What is summed up: at most two figures for each stack. */
struct sample_weight {
	const char *name; /* as the user calls it */
	struct {
		const char *type, *unit; /* in pprof's words; the last one is the main one */
		/* @sample_ns: CPU time that each sample stands for. NULL: it is not of samples, but of pauses */
		uint64_t (*of)(const struct profile_row *row, double sample_ns);
	} figures[2];
};

/* All there are. */
#define SAMPLE_WEIGHTS "cpu, off-cpu, alloc, pauses, faults"

/* The one that is called @name, or the first one if that is NULL; NULL: there is no such. */
const struct sample_weight *sample_weight__find(const char *name);

struct sample_frame {
	const char *name, *file; /* not safe to print; "" if not known */
	uint32_t line;		 /* 0: not known */
	bool kernel, inlined;	 /* .inlined: at the same address as the next one */
	uint64_t address;
};

/* One stack, innermost first. */
struct sample_stack {
	const char *process; /* its name; not safe to print */
	uint32_t pid;
	struct sample_frame frames[SAMPLE_FRAMES];
	unsigned nr;
	uint64_t values[2];
};

/* Call @visit for each stack of the finished model @m with a figure that is not 0, until it returns an error. */
int samples__for_each(const struct model *m, const struct sample_weight *weight,
		      int (*visit)(const struct sample_stack *s, void *ctx), void *ctx);

/*
 * Likewise, what each pause consists of: its reason, its causes and, where a thread's stack was seen, that. The first
 * value counts pauses, the second is the time.
 */
int samples__for_each_pause(const struct model *m, int (*visit)(const struct sample_stack *s, void *ctx), void *ctx);

/* Add the frames of @st; @waits: from where the wait begins. */
void sample_stack__add(struct sample_stack *s, const struct model *m, const struct model_stack *st, bool waits);

/* The folding of an exporter: begins with a model of its own, takes each event; see struct exporter. */
struct sample_export {
	struct model *model;
	FILE *to;
	const struct sample_weight *weight;
	struct mappings mappings;
};
int sample_export__begin(FILE *to, const struct export_opts *opts, void **state);
int sample_export__event(void *state, const struct event *ev);
void sample_export__free(struct sample_export *e);

#endif /* TARE_EXPORT_SAMPLES_H */
