/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of many ranges of addresses an address is in: ranges that may lie in one another or overlap are cut into
 * pieces that do not, once; a look-up is then a binary search.
 */
#ifndef TARE_RANGES_H
#define TARE_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_NONE UINT32_MAX /* the value of a piece in no range */

struct range {
	uint64_t start, end; /* end: the first address beyond */
	uint32_t value;	     /* not RANGES_NONE */
	uint32_t rank;	     /* where ranges overlap, the highest wins; of equals the one that begins last */
};

struct ranges {
	struct range *added;
	size_t nr, room;
	/* once built: a piece goes on to the start of the next one */
	struct range_piece {
		uint64_t start, range_start;
		uint32_t value;
	} * pieces;
	size_t nr_pieces;
};

/* Add a copy of @range; one without a byte is left out. Returns 0 or -ENOMEM. Not after ranges__build(). */
int ranges__add(struct ranges *r, const struct range *range);

/*
 * All are added. Of ranges with one rank that begin together the shorter wins, then the higher value. Returns 0 or
 * -ENOMEM. Takes n log n.
 */
int ranges__build(struct ranges *r);

/* The value at @address, or RANGES_NONE. *@start, unless that is NULL: where the range that has it begins. */
uint32_t ranges__at(const struct ranges *r, uint64_t address, uint64_t *start);

void ranges__free(struct ranges *r);

#endif /* TARE_RANGES_H */
