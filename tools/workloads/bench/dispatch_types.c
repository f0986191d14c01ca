// SPDX-License-Identifier: BSD-2-Clause
/* The methods that dispatch.c calls */
#include "dispatch.h"

#define method __attribute__((noinline))

method uint64_t dispatch__add(const void *self, uint64_t x)
{
	return dispatch__inline_add(self, x);
}

method uint64_t dispatch__xor(const void *self, uint64_t x)
{
	return dispatch__inline_xor(self, x);
}

method uint64_t dispatch__subtract(const void *self, uint64_t x)
{
	return dispatch__inline_subtract(self, x);
}

method uint64_t dispatch__scale(const void *self, uint64_t x)
{
	return dispatch__inline_scale(self, x);
}

const struct dispatch_vtable dispatch_vtables[DISPATCH_TYPES] = {
	{ dispatch__add },
	{ dispatch__xor },
	{ dispatch__subtract },
	{ dispatch__scale },
};
