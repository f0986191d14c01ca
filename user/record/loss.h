/* SPDX-License-Identifier: BSD-2-Clause */
/* Losses are told as running totals, by class and CPU. */
#ifndef TARE_LOSS_H
#define TARE_LOSS_H

#include "format.h"
#include "table.h"

static inline uint64_t loss__key(const struct tare_loss *loss)
{
	return (uint64_t)loss->cls << 32 | loss->cpu;
}

/* By how much @loss is more than what @totals has, which is brought up to it. 0: it is not, or there is no memory. */
static inline uint64_t loss__grown(struct table *totals, const struct tare_loss *loss)
{
	uint64_t *total = table__add(totals, loss__key(loss)), before = total ? *total : 0;

	if (!total || loss->count <= before)
		return 0;
	*total = loss->count;
	return loss->count - before;
}

#endif /* TARE_LOSS_H */
