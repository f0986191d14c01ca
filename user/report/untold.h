/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a process's pauses, or its first ones, are not reported although its runtime makes some. Shown wherever pauses
 * are.
 */
#ifndef TARE_UNTOLD_H
#define TARE_UNTOLD_H

#include <jansson.h>
#include <stdio.h>

#include "model.h"

/* One line per such process; nothing if there is none. */
void untold__print(const struct model *m, FILE *to);

/* The same lines as strings, appended to @notes. */
void untold__add_notes(const struct model *m, json_t *notes);

#endif /* TARE_UNTOLD_H */
