// SPDX-License-Identifier: BSD-2-Clause
/* The last seconds of a recording, held in memory: bounded, in order, and at any time a recording that can be read. */
#include "flight_buffer.h"
#include "recording.h"

#define SECOND 1000000000ull
#define ROOM   (1ull << 20)

static struct writer *into(struct flight_buffer *s)
{
	struct writer *w;

	assert_non_null(s);
	assert_int_equal(writer__to(flight_buffer__add, s, &w), 0);
	return w;
}

static int add_up(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	*(uint64_t *)ctx += sizeof(*head) + head->len;
	return 0;
}

/* That it holds: so long is what it writes. */
static uint64_t bytes_of(struct flight_buffer *s)
{
	uint64_t bytes = 0;
	struct writer *w;

	assert_int_equal(writer__to(add_up, &bytes, &w), 0);
	assert_int_equal(flight_buffer__write(s, w, NULL, NULL), 0);
	writer__close(w);
	return bytes;
}

static struct tare_task task(uint32_t tgid, uint64_t ts_ns)
{
	/* phase 2: as the kernel side reads it */
	return (struct tare_task){ .ts_ns = ts_ns, .tid = tgid, .tgid = tgid, .phase = 2 };
}

static void mark(struct flight_buffer *s, uint64_t ts_ns, uint32_t tgid)
{
	struct tare_task t = task(tgid, ts_ns);

	assert_int_equal(flight_buffer__mark(s, ts_ns, ts_ns / 100, &t, 1), 0);
}

/* One record, of thread @tid. */
static void record(struct writer *w, uint64_t ts_ns, uint32_t tid)
{
	struct bytes b = { 0 };

	add_sync(&b, ts_ns);
	add_migrate(&b, ts_ns, tid, 0, 0);
	events(w, 0, ts_ns, &b);
	free(b.data);
}

static void process(struct writer *w, uint32_t pid, const char *exe)
{
	struct {
		struct tare_process p;
		char exe[8];
	} p = { { .pid = pid, .exe_len = 4, .size = sizeof(p) }, "" };

	memcpy(p.exe, exe, 4);
	frame(w, TARE_FRAME_PROCESSES, 0, 1, &p, sizeof(p));
}

static void symbol_at(struct writer *w, uint64_t ts_ns, uint32_t pid, uint64_t ip)
{
	struct {
		struct tare_symbol s;
		char name[8];
	} s = { { .pid = pid, .ip = ip, .size = sizeof(s), .name_len = 4 }, "main" };

	frame(w, TARE_FRAME_SYMBOLS, 0, ts_ns, &s, sizeof(s));
}

static void symbol(struct writer *w, uint32_t pid, uint64_t ip)
{
	symbol_at(w, 1, pid, ip);
}

static void totals(struct writer *w, uint64_t ts_ns, uint64_t hits, uint64_t lost)
{
	struct tare_probe probe = { "switch", hits, hits / 2, hits * 3, 5 };
	struct tare_loss loss[2] = { { TARE_LOST_IN, 1, lost }, { TARE_LOST_OUT, 0, 7 } };

	assert_int_equal(writer__array(w, TARE_FRAME_PROBES, ts_ns, &probe, sizeof(probe), 1), 0);
	assert_int_equal(writer__array(w, TARE_FRAME_LOSS, ts_ns, loss, sizeof(loss[0]), 2), 0);
}

static void finish(struct writer *w, uint64_t ts_ns)
{
	struct tare_end end = { .ts_ns = ts_ns, .reason = TARE_END_INTERRUPT, .self_cpu_ns = ts_ns / 100 };

	frame(w, TARE_FRAME_END, 0, ts_ns, &end, sizeof(end));
}

static struct reader *written(struct flight_buffer *s, void (*meanwhile)(void *ctx), void *ctx)
{
	struct writer *w = create("written");

	assert_int_equal(flight_buffer__write(s, w, meanwhile, ctx), 0);
	assert_int_equal(writer__close(w), 0);
	return open_file("written");
}

/* ---- what is written ---- */

static void all_is_written_before_anything_had_to_go(void **unused)
{
	struct flight_buffer *s = flight_buffer__new(10 * SECOND, ROOM);
	struct writer *w = into(s);
	struct reader *r;
	struct event ev;

	header(w);
	record(w, 1 * SECOND, 1);
	mark(s, 2 * SECOND, 1);
	record(w, 3 * SECOND, 2);
	assert_true(flight_buffer__begin_ns(s) == 0);
	r = written(s, NULL, NULL);
	next_is(r, &ev, EVENT_HEADER);
	migrate_is(r, 1 * SECOND, 0, 1);
	migrate_is(r, 3 * SECOND, 0, 2);
	end_is(r);
	writer__close(w);
	flight_buffer__free(s);
	flight_buffer__free(NULL);
}

static void begins_at_a_mark_with_what_describes_the_living(void **unused)
{
	static const char strings[] = "key=value";
	struct flight_buffer *s = flight_buffer__new(2 * SECOND, ROOM);
	struct writer *w = into(s);
	struct reader *r;
	struct event ev;

	header(w);
	frame(w, TARE_FRAME_INFO, 0, 1, strings, sizeof(strings));
	process(w, 10, "old!");
	process(w, 20, "dead");
	symbol(w, 20, 0x20);
	symbol(w, 10, 0x10);
	symbol(w, 10, 0x11);
	record(w, 1 * SECOND, 1);
	process(w, 10, "new!");
	totals(w, 2 * SECOND, 100, 5);
	mark(s, 2 * SECOND, 10);
	record(w, 3 * SECOND, 2);
	mark(s, 3 * SECOND, 10); /* one that nothing begins at leaves no trace */
	process(w, 30, "born");
	totals(w, 3 * SECOND, 150, 5);
	mark(s, 4 * SECOND, 10); /* now the first second is too old */
	finish(w, 5 * SECOND);
	assert_true(flight_buffer__begin_ns(s) == 2 * SECOND);
	assert_true(flight_buffer__lost_before(s) == 12);

	r = written(s, NULL, NULL);
	next_is(r, &ev, EVENT_HEADER);
	next_is(r, &ev, EVENT_INFO);
	next_is(r, &ev, EVENT_PROCESS);
	assert_int_equal(ev.process.head->pid, 10);
	assert_memory_equal(ev.process.exe, "new!", 4);
	next_is(r, &ev, EVENT_SYMBOL);
	assert_true(ev.symbol.head->ip == 0x10);
	next_is(r, &ev, EVENT_SYMBOL);
	assert_true(ev.symbol.head->ip == 0x11);
	next_is(r, &ev, EVENT_TASK);
	assert_true(ev.task->tgid == 10 && ev.task->phase == 0 && ev.task->ts_ns == 2 * SECOND);
	next_is(r, &ev, EVENT_PROCESS);
	assert_int_equal(ev.process.head->pid, 30);
	/* totals are of what is here: 5 of one class were lost before, and 7 of the other, and none since */
	next_is(r, &ev, EVENT_PROBE);
	assert_true(ev.probe->hits == 50 && ev.probe->timed_hits == 25 && ev.probe->timed_ns == 150);
	assert_int_equal(ev.probe->entry_ns, 5); /* of a hit, so it is no difference */
	migrate_is(r, 3 * SECOND, 0, 2);
	next_is(r, &ev, EVENT_END);
	assert_true(ev.end->self_cpu_ns == (5 - 2) * SECOND / 100);
	end_is(r);
	writer__close(w);
	flight_buffer__free(s);
}

/* What it ran before its last exec is gone, and so are the names in it. */
static void only_of_the_program_that_it_runs(void **unused)
{
	struct flight_buffer *s = flight_buffer__new(1 * SECOND, ROOM);
	struct tare_task tasks[2] = { task(10, 3 * SECOND), task(10, 3 * SECOND) };
	struct writer *w = into(s);
	struct reader *r;
	struct event ev;

	header(w);
	symbol_at(w, 1 * SECOND, 10, 0x10);
	symbol_at(w, 2 * SECOND, 10, 0x20);
	symbol_at(w, 3 * SECOND, 10, 0x30);
	tasks[0].program_ns = 2 * SECOND;
	tasks[1].tid = 11;
	assert_int_equal(flight_buffer__mark(s, 3 * SECOND, 0, tasks, 2), 0);
	record(w, 3 * SECOND, 10);
	mark(s, 5 * SECOND, 10);
	r = written(s, NULL, NULL);
	next_is(r, &ev, EVENT_HEADER);
	next_is(r, &ev, EVENT_SYMBOL);
	assert_true(ev.symbol.head->ip == 0x20 && ev.ts_ns == 2 * SECOND);
	next_is(r, &ev, EVENT_SYMBOL);
	assert_true(ev.symbol.head->ip == 0x30);
	next_is(r, &ev, EVENT_TASK);
	assert_true(ev.task->program_ns == 2 * SECOND);
	next_is(r, &ev, EVENT_TASK);
	migrate_is(r, 3 * SECOND, 0, 10);
	end_is(r);
	writer__close(w);
	flight_buffer__free(s);
}

/* Part @first of two of a heap's reading at @ts_ns. */
static void heap(struct writer *w, uint64_t ts_ns, uint32_t pid, uint32_t first)
{
	struct {
		struct tare_heap head;
		struct tare_heap_stack stack;
	} h = { .head = { .pid = pid,
			  .elem_size = sizeof(h.stack),
			  .ts_ns = ts_ns,
			  .nr = 1,
			  .first = first,
			  .total = 2 } };

	frame(w, TARE_FRAME_HEAP, 0, ts_ns, &h, sizeof(h));
}

/* What a heap held when the recording begins: the last reading before that, whole, of a process that was alive. */
static void begins_with_the_heap_as_it_was(void **unused)
{
	struct flight_buffer *s = flight_buffer__new(2 * SECOND, ROOM);
	static const struct {
		uint64_t ts_ns;
		uint32_t first;
	} want[] = { { 3 * SECOND, 0 }, { 3 * SECOND, 1 }, { 6 * SECOND, 0 } };
	struct writer *w = into(s);
	struct reader *r;
	struct event ev;
	size_t nr = 0;

	header(w);
	for (uint64_t t = 1; t <= 3; t++) {
		mark(s, t * SECOND, 7);
		for (uint32_t first = 0; first < 2; first++) {
			heap(w, t * SECOND, 7, first);
			heap(w, t * SECOND, 8, first); /* it has ended by the begin */
		}
	}
	for (uint64_t t = 4; t <= 6; t++)
		mark(s, t * SECOND, 7);
	heap(w, 6 * SECOND, 7, 0);
	r = written(s, NULL, NULL);
	while (reader__next(r, &ev) > 0) {
		if (ev.kind != EVENT_HEAP)
			continue;
		assert_true(nr < ARRAY_SIZE(want) && ev.heap.head->pid == 7);
		assert_int_equal(ev.heap.head->ts_ns, want[nr].ts_ns);
		assert_int_equal(ev.heap.head->first, want[nr++].first);
	}
	assert_int_equal(nr, ARRAY_SIZE(want));
	reader__close(r);
	writer__close(w);
	flight_buffer__free(s);
}

static void loss_since_the_begin_is_told(void **unused)
{
	struct flight_buffer *s = flight_buffer__new(1 * SECOND, ROOM);
	struct writer *w = into(s);
	struct reader *r;
	struct event ev;

	header(w);
	totals(w, 1 * SECOND, 10, 5);
	mark(s, 1 * SECOND, 1);
	totals(w, 2 * SECOND, 20, 9);
	mark(s, 2 * SECOND, 1);
	assert_true(flight_buffer__begin_ns(s) == 1 * SECOND);
	r = written(s, NULL, NULL);
	next_is(r, &ev, EVENT_HEADER);
	next_is(r, &ev, EVENT_TASK);
	next_is(r, &ev, EVENT_PROBE);
	assert_true(ev.probe->hits == 10);
	next_is(r, &ev, EVENT_LOSS);
	assert_true(ev.loss->cls == TARE_LOST_IN && ev.loss->cpu == 1 && ev.loss->count == 4);
	end_is(r);
	writer__close(w);
	flight_buffer__free(s);
}

static void an_end_for_one_writing_is_in_no_other(void **unused)
{
	struct flight_buffer *s = flight_buffer__new(10 * SECOND, ROOM);
	struct writer *w = into(s);
	struct event ev;

	header(w);
	for (int i = 1; i <= 2; i++) {
		uint64_t before = bytes_of(s);
		struct reader *r;

		flight_buffer__once(s, true);
		finish(w, i * SECOND);
		flight_buffer__once(s, false);
		r = written(s, NULL, NULL);
		next_is(r, &ev, EVENT_HEADER);
		next_is(r, &ev, EVENT_END);
		assert_true(ev.end->ts_ns == i * SECOND);
		end_is(r);
		assert_true(bytes_of(s) == before);
	}
	writer__close(w);
	flight_buffer__free(s);
}

/* ---- bounds ---- */

struct filler {
	struct flight_buffer *s;
	struct writer *w;
	uint64_t now_ns;
	uint32_t nr, calls;
};

/* 64 KB of records in a frame, whose thread is the how many-th it is. */
static void fill(struct filler *f)
{
	struct bytes b = { 0 };

	f->now_ns += SECOND / 100;
	f->nr++;
	add_sync(&b, f->now_ns);
	while (b.len < 65536)
		add_migrate(&b, f->now_ns, f->nr, 0, 0);
	events(f->w, 0, f->now_ns, &b);
	free(b.data);
}

static void time_bounds_it(void **unused)
{
	struct filler f = { .s = flight_buffer__new(SECOND, 1ull << 30) };
	uint64_t marks = 0;

	f.w = into(f.s);
	header(f.w);
	for (int i = 0; i < 1000; i++) {
		fill(&f);
		if (flight_buffer__wants_mark(f.s, f.now_ns)) {
			mark(f.s, f.now_ns, 1);
			marks++;
		}
		if (f.now_ns > SECOND)
			assert_true(f.now_ns - flight_buffer__begin_ns(f.s) <= SECOND + SECOND / 2);
		if (f.now_ns > 2 * SECOND)
			assert_true(f.now_ns - flight_buffer__begin_ns(f.s) >= SECOND);
	}
	assert_in_range(marks, 30, 50);
	assert_false(flight_buffer__was_short(f.s));
	assert_true(bytes_of(f.s) < 150 * 66000);
	writer__close(f.w);
	flight_buffer__free(f.s);
}

/* What is read begins at the mark and has each of the last frames whole, in order. */
static void reads_to_the_end(struct reader *r, uint32_t last)
{
	struct event ev;
	uint32_t tid = 0;

	next_is(r, &ev, EVENT_HEADER);
	next_is(r, &ev, EVENT_TASK);
	while (reader__next(r, &ev) == 1) {
		assert_int_equal(ev.kind, EVENT_MIGRATE);
		assert_true(!tid || ev.migrate.tid == tid || ev.migrate.tid == tid + 1);
		tid = ev.migrate.tid;
	}
	assert_int_equal(tid, last);
	reader__close(r);
}

static void room_bounds_it(void **unused)
{
	struct filler f = { .s = flight_buffer__new(1000 * SECOND, ROOM) };

	f.w = into(f.s);
	header(f.w);
	for (int i = 0; i < 500; i++) {
		fill(&f);
		if (flight_buffer__wants_mark(f.s, f.now_ns))
			mark(f.s, f.now_ns, 1);
		assert_true(bytes_of(f.s) <= ROOM + 1024);
		assert_true(flight_buffer__lost_bytes(f.s) == 0);
	}
	assert_true(flight_buffer__was_short(f.s));
	assert_true(bytes_of(f.s) > ROOM / 2);
	reads_to_the_end(written(f.s, NULL, NULL), f.nr);
	writer__close(f.w);
	flight_buffer__free(f.s);
}

static void what_finds_no_room_is_counted_and_leaves_no_hole(void **unused)
{
	struct filler f = { .s = flight_buffer__new(1000 * SECOND, ROOM) };

	f.w = into(f.s);
	header(f.w);
	for (int i = 0; i < 30; i++)
		fill(&f); /* and nobody marks */
	assert_true(bytes_of(f.s) <= ROOM);
	assert_true(flight_buffer__lost_bytes(f.s) >= 14 * 65536);
	assert_true(flight_buffer__wants_mark(f.s, 0));
	mark(f.s, f.now_ns, 1);
	assert_true(flight_buffer__lost_bytes(f.s) == 0);
	assert_true(flight_buffer__begin_ns(f.s) == f.now_ns);
	fill(&f);
	reads_to_the_end(written(f.s, NULL, NULL), f.nr);
	writer__close(f.w);
	flight_buffer__free(f.s);
}

static void add_meanwhile(void *ctx)
{
	struct filler *f = ctx;

	f->calls++;
	fill(f);
}

static void may_grow_while_it_is_written(void **unused)
{
	struct filler f = { .s = flight_buffer__new(1000 * SECOND, 16 * ROOM) };
	uint32_t last;

	f.w = into(f.s);
	header(f.w);
	mark(f.s, 1, 1);
	flight_buffer__cut(f.s, 1);
	for (int i = 0; i < 250; i++)
		fill(&f);
	last = f.nr;
	reads_to_the_end(written(f.s, add_meanwhile, &f), last);
	assert_in_range(f.calls, 2, 5);
	assert_int_equal(f.nr, last + f.calls);
	reads_to_the_end(written(f.s, NULL, NULL), f.nr);
	writer__close(f.w);
	flight_buffer__free(f.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_written_before_anything_had_to_go),
		cmocka_unit_test(begins_at_a_mark_with_what_describes_the_living),
		cmocka_unit_test(only_of_the_program_that_it_runs),
		cmocka_unit_test(begins_with_the_heap_as_it_was),
		cmocka_unit_test(loss_since_the_begin_is_told),
		cmocka_unit_test(an_end_for_one_writing_is_in_no_other),
		cmocka_unit_test(time_bounds_it),
		cmocka_unit_test(room_bounds_it),
		cmocka_unit_test(what_finds_no_room_is_counted_and_leaves_no_hole),
		cmocka_unit_test(may_grow_while_it_is_written),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
