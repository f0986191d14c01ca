/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why nothing tells of some process's pauses, or not of the first ones, though its runtime makes some: said wherever
 * pauses are.
 */
#ifndef TARE_UNTOLD_H
#define TARE_UNTOLD_H

#include <jansson.h>
#include <stdio.h>

#include "model.h"

/* A line for each such process; nothing where there is none. */
void untold__print(const struct model *m, FILE *to);

/* The same as strings, appended to @notes. */
void untold__add_notes(const struct model *m, json_t *notes);

#endif /* TARE_UNTOLD_H */
