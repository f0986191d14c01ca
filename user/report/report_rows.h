/* SPDX-License-Identifier: BSD-2-Clause */
/* Data for both text and JSON, resolved and sorted: names for numbers, largest first. */
#ifndef TARE_REPORT_ROWS_H
#define TARE_REPORT_ROWS_H

#include "model.h"

struct row {
	char name[72];	     /* safe to print, UTF-8 */
	const char *context; /* wakers: "task", "softirq", "interrupt" */
	bool of_target;	     /* a thread of the target */
	bool recorder;	     /* tare itself, which made this recording */
	uint64_t count, total_ns, max_ns;
	uint64_t spans; /* reasons: intervals that make up .total_ns */
	uint64_t extra; /* reasons: still off CPU at the end; wakers: from another CPU */
};

/*
 * Each fills *@rows, which the caller frees, and returns how many there are, or -ENOMEM.
 * Reasons and rivals are sorted by time, wakers by count.
 */
int report_rows__off_cpu(const struct model *m, struct row **rows);
int report_rows__rivals(const struct model *m, struct row **rows);
int report_rows__wakers(const struct model *m, struct row **rows);

/* All threads with a row, most switches first; the caller frees *@threads. Returns how many, or -ENOMEM. */
int report_rows__threads(const struct model *m, const struct thread ***threads);

/* Why threads left a CPU, as people say it: safe to print. */
void reason_name(const struct model *m, const struct reason *r, char *buf, size_t size);

/*
 * The target's runtime in words, to be sanitized, or NULL if the recording does not say, or says something that its
 * events belie: the part that told is damaged.
 */
const char *target_runtime(const struct model *m);

/* JSON name of the kernel's loss counter @cls; never NULL. */
const char *loss_name(unsigned cls);

/* Could the kernel bracket its scheduler, as needed for the direct cost? *@why: what the recorder said, or NULL. */
bool has_direct_cost(const struct model *m, const char **why);

#endif /* TARE_REPORT_ROWS_H */
