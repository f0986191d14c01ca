// SPDX-License-Identifier: BSD-2-Clause
#include <linux/perf_event.h>
#include <string.h>

#include "perf_file.h"

void perf_record__begin(struct perf_record *r, uint32_t type, uint16_t misc)
{
	const struct perf_event_header head = { .type = type, .misc = misc };

	r->len = 0;
	r->too_long = false;
	perf_record__put(r, &head, sizeof(head));
}

void perf_record__put(struct perf_record *r, const void *data, size_t len)
{
	if (len > sizeof(r->data) - r->len) {
		r->too_long = true;
		return;
	}
	memcpy(r->data + r->len, data, len);
	r->len += len;
}

void perf_record__u32(struct perf_record *r, uint32_t n)
{
	perf_record__put(r, &n, sizeof(n));
}

void perf_record__u64(struct perf_record *r, uint64_t n)
{
	perf_record__put(r, &n, sizeof(n));
}

void perf_record__text(struct perf_record *r, const char *text, size_t len)
{
	static const char end[8];

	len = strnlen(text, len);
	perf_record__put(r, text, len);
	perf_record__put(r, end, 8 - len % 8);
}

void perf_record__id(struct perf_record *r, uint32_t pid, uint32_t tid, uint64_t ts_ns, uint32_t cpu)
{
	perf_record__u32(r, pid);
	perf_record__u32(r, tid);
	perf_record__u64(r, ts_ns);
	perf_record__u32(r, cpu);
	perf_record__u32(r, 0);
	perf_record__u64(r, perf_file__id(PERF_CPU_CLOCK));
}

bool perf_record__end(struct perf_record *r)
{
	const uint16_t len = r->len;

	memcpy(r->data + offsetof(struct perf_event_header, size), &len, sizeof(len));
	return !r->too_long && r->len % 8 == 0;
}
