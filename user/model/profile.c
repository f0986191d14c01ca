// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "array.h"
#include "profile.h"
#include "util.h"

void profile__free(struct profile *p)
{
	model_stacks__free(&p->stacks);
	free(p->rows);
	*p = (struct profile){ 0 };
}

static struct profile_row *profile__row(struct profile *p, uint32_t number)
{
	/* most are known by now, so that those the same as others need no row */
	number = model_stacks__resolve(&p->stacks, number) ?: number < MODEL_MAX_STACKS ? number : 0;
	if (ARRAY_GROW(p->rows, p->room, number + 1ul))
		return NULL;
	for (; p->nr <= number; p->nr++)
		p->rows[p->nr] = (struct profile_row){ .syscall = TARE_NO_SYSCALL };
	return &p->rows[number];
}

#define PROCESS_MADVISE 440 /* in the kernel's tables of system calls, everywhere */

static bool is_memory_call(enum tare_arch arch, uint16_t nr)
{
#define X(id, name, x86_64, arm64) { x86_64, arm64 },
	static const uint16_t all[][2] = { TARE_MEMORY_CALLS(X){ PROCESS_MADVISE, PROCESS_MADVISE } };
#undef X

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (nr == all[i][arch != TARE_ARCH_X86_64])
			return true;
	return false;
}

int profile__sample(struct profile *p, uint32_t number, enum tare_arch arch, const struct event *ev)
{
	struct profile_row *row = profile__row(p, number);

	if (!row)
		return -ENOMEM;
	row->samples++;
	row->memory_calls += ev->sample.kernel && is_memory_call(arch, ev->sample.syscall);
	p->samples++;
	return 0;
}

int profile__off_cpu(struct profile *p, uint32_t number, const struct event *ev)
{
	struct profile_row *row = profile__row(p, number);

	if (!row)
		return -ENOMEM;
	row->waits++;
	row->off_ns += ev->off_cpu.ns;
	row->wait_ns += ev->off_cpu.wait_ns;
	row->syscall = ev->off_cpu.syscall;
	row->state = ev->off_cpu.state;
	p->waits++;
	return 0;
}

int profile__fault(struct profile *p, uint32_t number, const struct event *ev)
{
	struct profile_row *row = profile__row(p, number);

	if (!row)
		return -ENOMEM;
	*(ev->fault_sample.major ? &row->major : &row->minor) += ev->fault_sample.period;
	if (!ev->fault_sample.major &&
	    (ev->fault_sample.owner == TARE_FAULT_ANONYMOUS || ev->fault_sample.owner == TARE_FAULT_BRK))
		row->new_pages += ev->fault_sample.period * ev->fault_sample.pages;
	return 0;
}

void alloc_amount__add(struct alloc_amount *to, const struct alloc_amount *more)
{
	to->samples += more->samples;
	to->objects += more->objects;
	to->bytes += more->bytes;
	to->runtime_bytes += more->runtime_bytes;
}

int profile__alloc(struct profile *p, uint32_t number, const struct alloc_amount *more)
{
	struct profile_row *row = profile__row(p, number);

	if (!row)
		return -ENOMEM;
	alloc_amount__add(&row->allocs, more);
	return 0;
}

static bool is_empty(const struct profile_row *r)
{
	return !r->samples && !r->waits && !r->minor && !r->major && !r->allocs.samples;
}

void profile__finish(struct profile *p)
{
	for (uint32_t i = 1; i < p->nr; i++) {
		uint32_t to = model_stacks__resolve(&p->stacks, i);
		struct profile_row *from = &p->rows[i];

		if (to == i || is_empty(from) || !profile__row(p, to))
			continue;
		from = &p->rows[i]; /* they may have moved */
		p->rows[to].samples += from->samples;
		p->rows[to].memory_calls += from->memory_calls;
		p->rows[to].waits += from->waits;
		p->rows[to].minor += from->minor;
		p->rows[to].major += from->major;
		p->rows[to].new_pages += from->new_pages;
		alloc_amount__add(&p->rows[to].allocs, &from->allocs);
		p->rows[to].off_ns += from->off_ns;
		p->rows[to].wait_ns += from->wait_ns;
		*from = (struct profile_row){ .syscall = TARE_NO_SYSCALL };
	}
}
