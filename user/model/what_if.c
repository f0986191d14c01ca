// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>

#include "format.h"
#include "what_if.h"

/* runtime/mgcpacer.go */
#define HEAP_MINIMUM	   (4 << 20) /* the least goal, at GOGC=100 */
#define HEADROOM_PERCENT   3	     /* of a goal by the memory limit, which is not used */
#define HEADROOM_MIN_BYTES (1 << 20)

static uint64_t peak_by_percent(const struct what_if_now *now, uint64_t percent)
{
	uint64_t peak = now->live_bytes + (double)(now->live_bytes + now->root_bytes) * percent / 100;
	uint64_t least = (double)HEAP_MINIMUM * percent / 100;

	return peak > least ? peak : least;
}

static uint64_t peak_by_limit(const struct what_if_now *now, uint64_t limit)
{
	uint64_t goal = limit > now->beside_bytes ? limit - now->beside_bytes : 0;
	uint64_t headroom = goal / 100 * HEADROOM_PERCENT;

	if (headroom < HEADROOM_MIN_BYTES)
		headroom = HEADROOM_MIN_BYTES;
	return goal > 2 * headroom ? goal - headroom : headroom;
}

static uint64_t peak_of(const struct what_if_now *now, uint64_t percent, uint64_t limit)
{
	uint64_t peak = percent == TARE_NONE ? UINT64_MAX : peak_by_percent(now, percent);
	uint64_t limited = limit == TARE_NONE ? UINT64_MAX : peak_by_limit(now, limit);

	return peak < limited ? peak : limited;
}

uint64_t what_if__peak(const struct what_if_now *now)
{
	uint64_t peak = UINT64_MAX;

	if (now->gc_percent != TARE_UNKNOWN && now->limit_bytes != TARE_UNKNOWN)
		peak = peak_of(now, now->gc_percent, now->limit_bytes);
	if (peak == UINT64_MAX || peak <= now->live_bytes)
		peak = now->live_bytes + (now->cycles ? now->alloc_bytes / now->cycles : 0);
	return peak;
}

uint64_t what_if__limit_for(const struct what_if_now *now, uint64_t peak_bytes)
{
	uint64_t goal = peak_bytes / (100 - HEADROOM_PERCENT) * 100;

	if (goal < peak_bytes + HEADROOM_MIN_BYTES)
		goal = peak_bytes + HEADROOM_MIN_BYTES;
	return goal + now->beside_bytes;
}

bool what_if__estimate(const struct what_if_now *now, struct what_if *to)
{
	double room = what_if__peak(now) - now->live_bytes, new_room, due, cycles = now->cycles, times;

	to->peak_bytes = peak_of(now, to->gc_percent, to->limit_bytes);
	if (!now->cycles || room <= 0 || to->peak_bytes <= now->live_bytes || to->peak_bytes == UINT64_MAX)
		return false;
	new_room = to->peak_bytes - now->live_bytes;
	/*
	 * Those that the heap's growth did not call for come as often as before: the program's own calls, and one every
	 * two minutes. That growth is not met exactly, so only if they are many.
	 */
	due = now->alloc_bytes / room;
	if (due > cycles / 2)
		due = cycles;
	times = (due * room / new_room + cycles - due) / cycles;
	to->cycles = llround(cycles * times);
	to->mark_ns = now->mark_ns * times;
	to->idle_mark_ns = now->idle_mark_ns * times;
	return true;
}
