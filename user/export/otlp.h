/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What OTLP's profiles and metrics share, of OpenTelemetry's protocol 1.11.0:
 * https://github.com/open-telemetry/opentelemetry-proto/tree/v1.11.0/opentelemetry/proto
 */
#ifndef TARE_OTLP_H
#define TARE_OTLP_H

#include <stdbool.h>

#include "export.h"
#include "model.h"
#include "pb.h"

/* Of ProfilesData and MetricsData, of what is in them, and of the messages that those have in common. */
enum {
	OTLP_DATA_RESOURCES = 1, /* .resource_profiles, .resource_metrics */
	OTLP_RESOURCE = 1,
	OTLP_RESOURCE_ATTRIBUTES = 1,
	OTLP_RESOURCE_SCOPES = 2, /* .scope_profiles, .scope_metrics */
	OTLP_SCOPE_SCOPE = 1,
	OTLP_SCOPE_DATA = 2, /* .profiles, .metrics */
	OTLP_ANY_STRING = 1,
};

/* An attribute, a KeyValue as @field. Texts may be anything; none is written if @value is NULL or "". */
void otlp__text(struct pb *pb, uint32_t field, const char *key, const char *value);

/* Whose data it is: process @pid called @name, or, if @pid is 0, all that was recorded. @only: there is no other. */
void otlp__resource(struct pb *pb, const struct model *m, uint32_t pid, const char *name, bool only);

/* A resource's attributes about the machine, by what uname() says: its name, architecture and kernel. */
void otlp__host(struct pb *pb, const char *hostname, const char *machine, const char *kernel);

/* That tare measured it. */
void otlp__scope(struct pb *pb);

/* When the recording began and ended, ns since 1970. */
uint64_t otlp__begin_ns(const struct model *m);
uint64_t otlp__end_ns(const struct model *m);

/* Write @pb to @to. Returns 0 or a negative errno, that of @pb first. */
int otlp__write(const struct pb *pb, FILE *to);

#endif /* TARE_OTLP_H */
