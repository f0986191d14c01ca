// SPDX-License-Identifier: BSD-2-Clause
#include "probe_cost.h"

#define MOST_NS 0x1p56 /* two years: a damaged recording says more */

double probe_cost__run_ns(const struct tare_probe *p)
{
	return p->timed_hits ? (double)p->hits * p->timed_ns / p->timed_hits : 0;
}

double probe_cost__entry_ns(const struct tare_probe *p)
{
	return (double)p->hits * p->entry_ns;
}

double probe_cost__ns(const struct tare_probe *p)
{
	double ns = probe_cost__run_ns(p) + probe_cost__entry_ns(p);

	return ns < 0 ? 0 : ns < MOST_NS ? ns : MOST_NS;
}
