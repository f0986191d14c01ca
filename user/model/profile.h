/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the target's threads were: samples of the CPU clock and long waits, summed up by stack. */
#ifndef TARE_MODEL_PROFILE_H
#define TARE_MODEL_PROFILE_H

#include "stack.h"

/* Allocations, by samples. */
struct alloc_amount {
	uint64_t samples;
	double objects, bytes; /* that these stand for; objects of the runtime's own allocator are not told */
	double runtime_bytes;  /* of .bytes: by that one */
};

void alloc_amount__add(struct alloc_amount *to, const struct alloc_amount *more);

/* All that was seen with one stack. */
struct profile_row {
	uint64_t samples;      /* of the CPU clock */
	uint64_t memory_calls; /* of them: in a system call that asks the kernel for memory or returns it */
	uint64_t waits;	       /* long ones, that ended */
	uint64_t minor, major; /* page faults that the sampled ones stand for */
	uint64_t new_pages;    /* of the minor ones: of the heap and other memory without a file */
	struct alloc_amount allocs;
	uint64_t off_ns, wait_ns; /* their time off CPU, and the part of it in which the thread waited for a CPU */
	uint16_t syscall;	  /* the last one's: system call, or TARE_NO_SYSCALL, .. */
	uint8_t state;		  /* .. and enum tare_state */
};

struct profile {
	struct model_stacks stacks;
	struct profile_row *rows; /* by stack number; row 0: those without a stack */
	uint32_t nr;
	size_t room;
	uint64_t samples, waits; /* in all rows */
};

void profile__free(struct profile *p);

/* Fold in an EVENT_SAMPLE, EVENT_OFF_CPU or EVENT_FAULT_SAMPLE with stack @number (0: none), of @arch. Return 0 or
 * -ENOMEM. */
int profile__sample(struct profile *p, uint32_t number, enum tare_arch arch, const struct event *ev);
int profile__off_cpu(struct profile *p, uint32_t number, const struct event *ev);
int profile__fault(struct profile *p, uint32_t number, const struct event *ev);
/* Likewise, sampled allocations. */
int profile__alloc(struct profile *p, uint32_t number, const struct alloc_amount *more);

/* All stacks are known: give each row to the stack that it is the same as. */
void profile__finish(struct profile *p);

#endif /* TARE_MODEL_PROFILE_H */
