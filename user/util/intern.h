/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings kept once, however often they occur; a pointer to one stays valid until intern__free(). */
#ifndef TARE_INTERN_H
#define TARE_INTERN_H

#include "table.h"

struct intern {
	struct table by_hash;
};

void intern__init(struct intern *s, uint32_t limit);
void intern__free(struct intern *s);

/* The kept copy of the @len bytes at @text, terminated. NULL if out of memory, or there are too many. */
const char *intern__keep(struct intern *s, const char *text, size_t len);

#endif /* TARE_INTERN_H */
