/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The families as a request to an OpenTelemetry collector: ExportMetricsServiceRequest of protocol 1.11.0. Their names
 * are such that a collector's Prometheus exporter gives them those of metrics.h again.
 */
#ifndef TARE_SERVE_POINTS_H
#define TARE_SERVE_POINTS_H

#include "families.h"
#include "pb.h"

/* All of @f, for the audience that it is pushed to, as one request in @to. Returns 0 or -ENOMEM. */
int points__request(struct fold *f, const struct families_self *self, struct pb *to);

/*
 * What a collector answered, @len bytes that may be anything: how many points it refused of a request that it took;
 * and why, safe to print, in @why, "" if it does not say.
 */
uint64_t points__refused(const void *answer, size_t len, char *why, size_t size);

#endif /* TARE_SERVE_POINTS_H */
