/* SPDX-License-Identifier: BSD-2-Clause */
/* What one probe of the recording has cost whoever hit it, in ns of CPU time. */
#ifndef TARE_PROBE_COST_H
#define TARE_PROBE_COST_H

#include "format.h"

/* Its program's run time: hits x the mean of those that were timed; 0: none was. */
double probe_cost__run_ns(const struct tare_probe *p);

/* Getting into the program and out of it, beside that; 0: not known. It may be slightly less than nothing. */
double probe_cost__entry_ns(const struct tare_probe *p);

/* Both together, never less than 0, nor more than a damaged recording may say. */
double probe_cost__ns(const struct tare_probe *p);

#endif /* TARE_PROBE_COST_H */
