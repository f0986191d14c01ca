// SPDX-License-Identifier: BSD-2-Clause
#include "rivals.h"

static void rivals__charge(void *ctx, const struct cpu_turn *turn)
{
	struct rivals *r = ctx;
	struct rival *rival = &r->rival[turn->owner.name][turn->owner.of_target];
	uint64_t ns = turn->to_ns - turn->from_ns;

	if (rival->wait_seq != r->wait_seq) {
		rival->wait_seq = r->wait_seq;
		rival->wait_ns = 0;
		rival->waits++;
	}
	rival->wait_ns += ns;
	rival->total_ns += ns;
	if (rival->wait_ns > rival->max_ns)
		rival->max_ns = rival->wait_ns;
}

void rivals__wait(struct rivals *r, const struct cpu_history *h, const struct cpu_wait *wait)
{
	r->wait_seq++;
	cpu_history__wait(h, wait, rivals__charge, r);
}

void rivals__wake(struct rivals *r, const struct event *ev, uint32_t name, bool of_target)
{
	uint8_t context = ev->sw.waker_context;
	struct waker *waker = context == TARE_CONTEXT_TASK    ? &r->waker[name][of_target] :
			      context == TARE_CONTEXT_SOFTIRQ ? &r->softirq :
								&r->interrupt;

	waker->count++;
	waker->other_cpu += ev->sw.waker_cpu != ev->cpu;
}
