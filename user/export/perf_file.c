// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

#include "perf_events.h"
#include "perf_file_impl.h"

#define FIRST_ID 1

/* struct perf_file_header, tools/perf/util/header.h, Linux 6.1 */
struct file_header {
	char magic[8];
	uint64_t size, attr_size;
	struct section attrs, data, event_types;
	uint64_t features[4];
};

/* a perf from before an attribute's last fields takes it: PERF_ATTR_SIZE_VER5 has .clockid */
struct file_attr {
	uint8_t attr[PERF_ATTR_SIZE_VER5];
	struct section ids;
};

uint64_t perf_file__id(unsigned kind)
{
	return FIRST_ID + kind;
}

uint64_t perf_file__sample_type(unsigned kind)
{
	const uint64_t all = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			     PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD;

	return all | (kind < PERF_SCHED_SWITCH ? PERF_SAMPLE_CALLCHAIN : PERF_SAMPLE_RAW);
}

int perf_file__begin(struct perf_file *f, FILE *to)
{
	static const struct file_header room;

	*f = (struct perf_file){ .to = to, .begin = ftell(to) };
	if (f->begin < 0 || fseek(to, f->begin, SEEK_SET))
		return -ESPIPE;
	errno = EIO;
	if (fwrite(&room, sizeof(room), 1, to) != 1)
		return -errno;
	f->data = f->begin + (long)sizeof(room);
	return 0;
}

/* ---- what the events are ---- */

struct perf_event_attr perf_file__attr(unsigned kind, const struct perf_kind *k)
{
	struct perf_event_attr attr = {
		.size = PERF_ATTR_SIZE_VER5,
		.type = k->system ? PERF_TYPE_TRACEPOINT : PERF_TYPE_SOFTWARE,
		.config = k->config,
		.sample_period = 1,
		.sample_type = perf_file__sample_type(kind),
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = 1, /* CLOCK_MONOTONIC */
	};

	if (kind == PERF_CPU_CLOCK)
		attr.mmap = attr.mmap2 = attr.comm = attr.comm_exec = attr.task = 1;
	return attr;
}

static struct section put_attrs(const struct perf_file *f, const struct export_opts *opts)
{
	struct section attrs;
	uint64_t ids = ftell(f->to) - f->begin;

	for (unsigned i = 0; i < PERF_NR_KINDS; i++)
		if (perf_events__has(opts, i))
			put_u64(f->to, perf_file__id(i));
	attrs.offset = ftell(f->to) - f->begin;
	for (unsigned i = 0; i < PERF_NR_KINDS; i++) {
		struct perf_kind k = perf_kind(i);
		struct perf_event_attr attr = perf_file__attr(i, &k);
		struct file_attr fa = { .ids = { ids, sizeof(uint64_t) } };

		if (!perf_events__has(opts, i))
			continue;
		memcpy(fa.attr, &attr, sizeof(fa.attr));
		put(f->to, &fa, sizeof(fa));
		ids += sizeof(uint64_t);
	}
	attrs.size = ftell(f->to) - f->begin - attrs.offset;
	return attrs;
}

int perf_file__end(struct perf_file *f, const struct export_opts *opts, const struct mappings *mappings,
		   uint64_t first_ns, uint64_t last_ns)
{
	struct file_header head = { .magic = "PERFILE2", .size = sizeof(head), .attr_size = sizeof(struct file_attr) };

	errno = 0;
	head.data = (struct section){ f->data - f->begin, ftell(f->to) - f->data };
	perf_features__put(f, opts, mappings, first_ns, last_ns, &head.features[0]);
	fseek(f->to, 0, SEEK_END);
	head.attrs = put_attrs(f, opts);
	fseek(f->to, f->begin, SEEK_SET);
	put(f->to, &head, sizeof(head));
	fseek(f->to, 0, SEEK_END);
	return ferror(f->to) ? -(errno ?: EIO) : 0;
}
