/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Figures of one run, taken from its documents: "own" is the line that the program printed, "report" is tare.report/1
 * of the whole recording, "span" is tare.report/1 of the measured part alone, with its "n" and "elapsed_ns", "file" is
 * the program's executable: its "bytes", and how many shared "libraries" it needs.
 *
 * A path names a document and then members of objects, with '/' between them: "span/ledger/on_cpu_ns". In an array,
 * KEY=VALUE stands for all elements whose KEY is VALUE, added up: "report/ledger/classes/group=collector/ns"; with a *
 * at its end, for those whose KEY begins so. * stands for all, # for how many there are.
 */
#ifndef TARE_FIGURE_H
#define TARE_FIGURE_H

#include "claims.h"

struct documents {
	json_t *own, *report, *file;
	json_t *span; /* of the cell that is asked for */
};

/* The number at @path, a bool as 0 or 1; NAN if there is none. */
double figure__at(const struct documents *d, const char *path);

/* Is any of @f's paths in the document @name? */
bool figure__is_of(const struct figure *f, const char *name);

/* Add what this run says to @cell's series: NAN where it says nothing. */
void figure__take(struct cell *cell, const struct documents *d);

#endif /* TARE_FIGURE_H */
