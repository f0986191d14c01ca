/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of exports: events made by hand, an export of them in memory, and a reader of protobuf. */
#ifndef TARE_TEST_EXPORT_SINK_H
#define TARE_TEST_EXPORT_SINK_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "array.h"
#include "export.h"
#include "model.h"
#include "util.h"

#define BOOT_OFFSET 5000000000ull

/* ---- an export being made ---- */

struct sink {
	const struct exporter *format;
	FILE *to;
	void *state;
	char *data;
	size_t len;
	/* for formats that read a recording twice: what comes waits for its end */
	struct event *events;
	size_t nr_events, room_events;
	void *heads[64]; /* what they point to, where that may not last */
	unsigned nr_heads;
	struct model *whole;
	struct export_opts opts;
};

static inline void feed(struct sink *s, struct event ev)
{
	if (!s->format->twice) {
		assert_int_equal(s->format->event(s->state, &ev), 0);
		return;
	}
	assert_int_equal(ARRAY_GROW(s->events, s->room_events, s->nr_events + 1), 0);
	s->events[s->nr_events++] = ev;
}

/* A copy of @head that lasts as long as the events. */
static inline const void *lasting(struct sink *s, const void *head, size_t size)
{
	assert_true(s->nr_heads < ARRAY_SIZE(s->heads));
	s->heads[s->nr_heads] = malloc(size);
	assert_non_null(s->heads[s->nr_heads]);
	return memcpy(s->heads[s->nr_heads++], head, size);
}

static inline void begin_export(struct sink *s)
{
	if (s->format->twice) {
		s->whole = model__new();
		assert_non_null(s->whole);
		for (size_t i = 0; i < s->nr_events; i++)
			assert_int_equal(export__take(&s->opts, s->whole, &s->events[i]), 0);
		export__taken(&s->opts, s->whole);
		s->opts.events[EVENT_SWITCH] = 1; /* events made later are not counted */
	}
	assert_int_equal(s->format->begin(s->to, &s->opts, &s->state), 0);
}

static inline void start(struct sink *s, const struct exporter *format)
{
	static const struct tare_header header = {
		.version = 1,
		.arch = TARE_ARCH_X86_64,
		.nr_cpus = 4,
		.page_size = 4096,
		.ticks_hz = 100,
		.mono_ns = 1000,
		.boot_ns = 1000 + BOOT_OFFSET,
		.real_ns = 1700000000000000000ull,
	};

	*s = (struct sink){ .format = format };
	s->to = open_memstream(&s->data, &s->len);
	assert_non_null(s->to);
	if (!format->twice)
		begin_export(s);
	feed(s, (struct event){ .kind = EVENT_HEADER, .header = &header });
	feed(s, (struct event){ .kind = EVENT_INFO, .info = { "kernel", "6.1.0\xff" } });
}

/* The bytes, terminated; the caller frees them. */
static inline char *finish(struct sink *s)
{
	if (s->format->twice)
		begin_export(s);
	for (size_t i = 0; i < s->nr_events; i++)
		assert_int_equal(s->format->event(s->state, &s->events[i]), 0);
	assert_int_equal(s->format->end(s->state), 0);
	assert_int_equal(fclose(s->to), 0);
	model__free(s->whole);
	while (s->nr_heads)
		free(s->heads[--s->nr_heads]);
	free(s->events);
	return s->data;
}

static inline void snapshot(struct sink *s, uint64_t ts_ns, uint32_t tid, const char *comm, int on_cpu)
{
	struct tare_task t = { .ts_ns = ts_ns, .tid = tid, .tgid = 100, .ppid = 1, .on_cpu = on_cpu >= 0 };

	t.cpu = on_cpu;
	for (size_t i = 0; i < sizeof(t.comm) && comm[i]; i++)
		t.comm[i] = comm[i];
	feed(s, (struct event){ .kind = EVENT_TASK, .ts_ns = ts_ns, .task = lasting(s, &t, sizeof(t)) });
}

/* A tid below 200 is a target. */
static inline struct event switch_of(uint64_t ts_ns, int cpu, uint32_t prev, int state, bool voluntary, uint32_t next)
{
	return (struct event){
		.kind = EVENT_SWITCH,
		.ts_ns = ts_ns,
		.cpu = cpu,
		.sw = { .prev_tid = prev,
			.next_tid = next,
			.prev_target = prev && prev < 200,
			.state = state,
			.next_target = next && next < 200,
			.voluntary = voluntary,
			.syscall = TARE_NO_SYSCALL },
	};
}

static inline struct event woken(struct event ev, uint64_t wait_ns, uint64_t delay_ns, uint32_t waker, int waker_cpu)
{
	ev.sw.has_wait = ev.sw.has_wake = true;
	ev.sw.wait_ns = wait_ns;
	ev.sw.wake_delay_ns = delay_ns;
	ev.sw.waker_tid = waker;
	ev.sw.waker_cpu = waker_cpu;
	return ev;
}

/* ---- a recording at its worst ---- */

static inline uint64_t random_u64(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static inline void feed_chaos(struct sink *s, uint64_t seed, int nr)
{
	uint64_t ts_ns = 10000;

	for (int i = 0; i < nr; i++) {
		uint64_t r = random_u64(&seed);
		uint32_t tid = 100 + r % 8, other = 100 + (r >> 8) % 8;
		struct event ev = { .ts_ns = ts_ns += r >> 54, .cpu = r >> 16 & 3 };

		if (!(r >> 20 & 15))
			ev.ts_ns -= 5000; /* late */
		ev.kind = (r >> 24 & 31) < 7 ? EVENT_NAME + (r >> 24 & 31) % 6 : EVENT_SWITCH;
		if (ev.kind == EVENT_SWITCH)
			ev = woken(switch_of(ev.ts_ns, ev.cpu, tid + (r >> 30 & 1) * 100, r >> 31 & 15, r >> 35 & 1,
					     other + (r >> 36 & 1) * 100),
				   r >> (r >> 40 & 63), r >> 60, r & 0x3ff, r >> 41 & 7);
		else if (ev.kind == EVENT_FORK)
			ev.fork = (typeof(ev.fork)){ tid, 100, other, 100, "child" };
		else if (ev.kind == EVENT_EXEC)
			ev.exec = (typeof(ev.exec)){ 100, tid, "new" };
		else if (ev.kind == EVENT_NAME || ev.kind == EVENT_RENAME)
			ev.name = (typeof(ev.name)){ tid, 100, { r >> 50 & 0xff, r >> 58, 'x' } };
		else if (ev.kind == EVENT_EXIT)
			ev.exit = (struct tare_exit){ .tid = tid, .tgid = 100 };
		else
			ev.migrate = (typeof(ev.migrate)){ tid, 0, 1 };
		feed(s, ev);
	}
}

/* ---- what was written, taken apart ---- */

/* One field of a message. */
struct field {
	uint32_t nr;
	uint64_t value;
	const uint8_t *data; /* NULL: a varint */
};

static inline uint64_t read_varint(const uint8_t **p, const uint8_t *end)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64; shift += 7) {
		assert_true(*p < end);
		v |= (uint64_t)(**p & 0x7f) << shift;
		if (!(*(*p)++ & 0x80))
			return v;
	}
	fail_msg("a varint does not end");
	return 0;
}

/* The next field between *@p and @end. */
static inline bool next_field(const uint8_t **p, const uint8_t *end, struct field *f)
{
	uint64_t key;

	if (*p == end)
		return false;
	key = read_varint(p, end);
	f->nr = key >> 3;
	f->data = NULL;
	if ((key & 7) == 1) {
		assert_true(end - *p >= 8);
		f->value = 0;
		for (int i = 0; i < 8; i++)
			f->value |= (uint64_t) * (*p)++ << (8 * i);
		return true;
	}
	f->value = read_varint(p, end);
	if ((key & 7) == 2) {
		f->data = *p;
		assert_true(f->value <= (size_t)(end - *p));
		*p += f->value;
	} else {
		assert_int_equal(key & 7, 0);
	}
	return true;
}

/* The @index-th field @nr of the message @m; .nr is 0 where there is none. */
static inline struct field get(struct field m, uint32_t nr, unsigned index)
{
	const uint8_t *p = m.data;
	struct field f;

	assert_non_null(m.data);
	while (next_field(&p, m.data + m.value, &f)) {
		if (f.nr == nr && !index--)
			return f;
	}
	return (struct field){ 0 };
}

static inline struct field whole(const struct sink *s)
{
	return (struct field){ .value = s->len, .data = (const uint8_t *)s->data };
}

/* The @index-th packet that has field @nr, and that field. */
static inline struct field packet_with(const struct sink *s, uint32_t nr, unsigned index, struct field *packet)
{
	const uint8_t *p = (const uint8_t *)s->data;
	struct field f, in;

	while (next_field(&p, (const uint8_t *)s->data + s->len, packet)) {
		assert_int_equal(packet->nr, 1);
		f = *packet;
		in = get(f, nr, 0);
		if (in.nr && !index--)
			return in;
	}
	return (struct field){ 0 };
}

static inline void assert_text(struct field f, const char *want)
{
	assert_non_null(f.data);
	assert_int_equal(f.value, strlen(want));
	assert_memory_equal(f.data, want, f.value);
}

#endif /* TARE_TEST_EXPORT_SINK_H */
