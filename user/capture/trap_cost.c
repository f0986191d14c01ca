// SPDX-License-Identifier: BSD-2-Clause
#include <unistd.h>

#include "entry_ways.h"
#include "trap_cost.h"

#define USUAL_NS 800 /* x86-64, in a virtual machine */
#define ROUNDS	 8
#define CALLS	 200 /* in a round */

uint64_t trap_cost__ns(int prog_fd, bool stepped)
{
	const struct entry_way *way = &entry_ways[stepped ? ENTRY_STEP : ENTRY_TRAP];
	uint64_t plain = entry_way__round_ns(way, ROUNDS, CALLS), probed;
	int link = way->attach(prog_fd);

	if (link < 0)
		return USUAL_NS;
	probed = entry_way__round_ns(way, ROUNDS, CALLS);
	close(link);
	return probed > plain ? (probed - plain) / CALLS : USUAL_NS;
}
