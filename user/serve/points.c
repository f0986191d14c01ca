// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "otlp.h"
#include "otlp_points.h"
#include "points.h"
#include "util.h"

/* Where names and units of Prometheus and OpenTelemetry differ: the latter's names have no units in them. */
static const struct {
	const char *suffix, *unit;
} units[] = {
	[FAMILY_PLAIN] = { "", "" },
	[FAMILY_SECONDS] = { "_seconds", "s" },
	[FAMILY_BYTES] = { "_bytes", "By" },
};

static const enum metric_kind kinds[] = {
	[FAMILY_COUNTER] = METRIC_COUNT,
	[FAMILY_GAUGE] = METRIC_GAUGE,
	[FAMILY_HISTOGRAM] = METRIC_HIST,
};

struct request {
	struct pb *to, points; /* .points: of the last family */
	const struct family *family;
	uint64_t now_ns, real_ns; /* the same moment */
};

/* "tare_cpu_seconds" is "tare.cpu", in "s". */
static void end_family(struct request *r)
{
	const struct family *f = r->family;
	struct otlp_words words;
	char name[96];
	int len;

	if (!f)
		return;
	len = strlen(f->name) - strlen(units[f->unit].suffix);
	snprintf(name, sizeof(name), "%.*s", len, f->name);
	name[strcspn(name, "_")] = '.';
	words = (struct otlp_words){ name, f->help, units[f->unit].unit };
	otlp__metric(r->to, &words, kinds[f->type], &r->points);
}

static void begin_family(void *ctx, const struct family *family)
{
	struct request *r = ctx;

	end_family(r);
	r->family = family;
}

/* A label that is empty is none, as Prometheus has it. */
static void put_labels(struct pb *to, uint32_t field, const struct family_point *point)
{
	const struct labels *l = point->labels;
	char pid[16];

	if (l) {
		snprintf(pid, sizeof(pid), "%u", l->pid);
		otlp__text(to, field, "process", l->process);
		otlp__text(to, field, "pid", l->pid ? pid : "");
		otlp__text(to, field, "cgroup", l->cgroup);
		otlp__text(to, field, "container", l->container);
		otlp__text(to, field, "runtime", l->runtime);
	}
	if (point->key)
		otlp__text(to, field, point->key, point->value);
}

static size_t open_hist(struct request *r, const struct otlp_times *times, const struct buckets *b)
{
	struct otlp_hist hist = { b->count, b->total_ns, NULL, buckets_bounds_ns, NR_BUCKETS };
	uint64_t counts[NR_BUCKETS + 1], above = b->count;

	for (unsigned i = 0; i < NR_BUCKETS; i++) {
		counts[i] = b->in[i];
		above -= b->in[i];
	}
	counts[NR_BUCKETS] = above;
	hist.counts = counts;
	return otlp__hist(&r->points, times, &hist);
}

static void put_point(void *ctx, const struct family *family, const struct family_point *point)
{
	struct request *r = ctx;
	uint64_t age_ns = r->now_ns > point->since_ns ? r->now_ns - point->since_ns : 0;
	struct otlp_times times = { r->real_ns - age_ns, r->real_ns };
	size_t at = point->buckets ? open_hist(r, &times, point->buckets) :
				     otlp__number(&r->points, &times, family->unit == FAMILY_SECONDS, point->number);

	put_labels(&r->points, point->buckets ? OTLP_HIST_ATTRIBUTES : OTLP_POINT_ATTRIBUTES, point);
	pb__close(&r->points, at);
}

static void put_resource(struct pb *to)
{
	struct utsname host = { 0 };
	size_t at = pb__open(to, OTLP_RESOURCE);

	uname(&host);
	otlp__text(to, OTLP_RESOURCE_ATTRIBUTES, "service.name", "tare");
	otlp__text(to, OTLP_RESOURCE_ATTRIBUTES, "service.instance.id", host.nodename);
	otlp__text(to, OTLP_RESOURCE_ATTRIBUTES, "service.version", TARE_VERSION);
	otlp__host(to, host.nodename, host.machine, host.release);
	pb__close(to, at);
}

int points__request(struct fold *f, const struct families_self *self, struct pb *to)
{
	struct request r = { .to = to, .now_ns = now_ns(), .real_ns = real_now_ns() };
	const struct family_sink sink = { begin_family, put_point, &r };
	size_t at = pb__open(to, OTLP_DATA_RESOURCES), scope;
	int ret;

	put_resource(to);
	scope = pb__open(to, OTLP_RESOURCE_SCOPES);
	otlp__scope(to);
	families__tell(f, self, 0, &sink);
	end_family(&r);
	pb__close(to, scope);
	pb__close(to, at);
	ret = pb__error(&r.points) ?: pb__error(to);
	pb__free(&r.points);
	return ret;
}

/* ---- the answer ---- */

/* ExportMetricsServiceResponse, and its ExportMetricsPartialSuccess: metrics_service.proto */
enum { ANSWER_PARTIAL = 1, PARTIAL_REJECTED = 1, PARTIAL_WHY = 2 };
enum { WIRE_VARINT = 0, WIRE_LEN = 2 };

struct bytes {
	const uint8_t *at, *end;
};

static bool varint(struct bytes *b, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && b->at < b->end; shift += 7) {
		*value |= (uint64_t)(*b->at & 0x7f) << shift;
		if (!(*b->at++ & 0x80))
			return true;
	}
	return false;
}

/* The next field: its number and kind, and a number in *@value or its bytes in *@in. False at the end. */
static bool next_field(struct bytes *b, uint64_t *key, uint64_t *value, struct bytes *in)
{
	if (!varint(b, key) || !varint(b, value))
		return false;
	if ((*key & 7) == WIRE_VARINT)
		return true;
	if ((*key & 7) != WIRE_LEN || *value > (uint64_t)(b->end - b->at))
		return false;
	*in = (struct bytes){ b->at, b->at + *value };
	b->at = in->end;
	return true;
}

uint64_t points__refused(const void *answer, size_t len, char *why, size_t size)
{
	struct bytes b = { answer, len ? (const uint8_t *)answer + len : answer }, partial, in;
	uint64_t key, value, refused = 0;

	why[0] = '\0';
	while (next_field(&b, &key, &value, &partial)) {
		if (key != (ANSWER_PARTIAL << 3 | WIRE_LEN))
			continue;
		while (next_field(&partial, &key, &value, &in)) {
			if (key == (PARTIAL_REJECTED << 3 | WIRE_VARINT))
				refused = value;
			else if (key == (PARTIAL_WHY << 3 | WIRE_LEN))
				sanitize((const char *)in.at, in.end - in.at, why, size);
		}
	}
	return refused;
}
