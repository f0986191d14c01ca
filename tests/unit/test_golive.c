// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime of live Go programs, held against what they say of themselves:
 * by the installed Go, and by each version from 1.19 on where GO_MATRIX=1.
 */
#include <math.h>

#include "golive_target.h"
#include "runtime_memory.h"

static char dir[] = "/tmp/tare-golive-XXXXXX";

enum { SYMBOLS = 1, PATTERN = 2, SCAN = 4, DWARF = 8 };

static const unsigned vital =
	GO_VALID_PS | GO_VALID_MS | GO_VALID_SCHED | GO_VALID_GC | GO_VALID_MEMSTATS | GO_VALID_MCACHES;

static struct go_live *look(struct go_target *t, unsigned how)
{
	struct go_live_input in = {
		.pid = t->pid, .img = t->img, .bias = t->bias, .no_symbols = !(how & SYMBOLS), .no_scan = !(how & SCAN)
	};
	struct go_live *live;

	assert_int_equal(go_layout__find(&in.layout, how & DWARF ? t->fd : -1, t->version), 0);
	if (how & PATTERN)
		in.pattern = go_target__patterns(t, in.layout.minor);
	assert_int_equal(go_live__open(&live, &in), 0);
	return live;
}

static void no_problems(const struct go_live *live, const struct go_target *t)
{
	for (unsigned i = 0; go_live__problem(live, i); i++)
		print_error("%s: %s\n", t->path, go_live__problem(live, i));
	assert_null(go_live__problem(live, 0));
}

static struct tare_counters count(struct go_live *live)
{
	struct tare_counters c;

	assert_int_equal(go_live__counters(live, &c), 0);
	return c;
}

static void expect_near(const char *what, uint64_t got, uint64_t want, double part)
{
	if (fabs((double)got - (double)want) > part * want + 40)
		fail_msg("%s: %" PRIu64 ", should be %" PRIu64, what, got, want);
}

/* In the background the runtime frees stacks and work buffers, of so many bytes each. */
static void few_blocks_apart(const char *what, uint64_t got, uint64_t want)
{
	uint64_t apart = got > want ? got - want : want - got;

	if (apart % 8192 || apart > 64 * 8192)
		fail_msg("%s: %" PRIu64 ", should be %" PRIu64, what, got, want);
}

/*
 * To the byte, to the object, to the nanosecond. The runtime's own goroutines
 * may allocate after the answer: the next answer then has what was counted here.
 */
static void same_as_the_program(struct go_target *t, struct go_live *live, struct go_answer a)
{
	struct tare_counters c = count(live);

	for (int tries = 0; tries < 5 && c.alloc_bytes != a.bytes; tries++) {
		a = go_target__do(t, "stats", 1);
		assert_true(a.bytes >= c.alloc_bytes);
		c = count(live);
	}
	assert_int_equal(c.alloc_bytes, a.bytes);
	assert_int_equal(c.alloc_objects, a.mallocs);
	assert_int_equal(c.freed_objects, a.frees);
	assert_int_equal(c.alloc_bytes - c.freed_bytes, a.heap);
	assert_int_equal(c.collections, a.collections);
	assert_int_equal(c.pause_ns, a.pause_ns);
	assert_int_equal(c.goal_bytes, a.next_gc);
	assert_true(c.pauses >= 2 * c.collections && c.pauses <= 4 * c.collections + 1);
	assert_int_equal(c.span_bytes, a.spans);
	few_blocks_apart("stacks", c.stack_bytes, a.stacks);
	few_blocks_apart("own", c.own_bytes, a.own);
	/* what is free is returned bit by bit */
	few_blocks_apart("all", c.span_bytes + c.free_bytes + c.returned_bytes + c.stack_bytes + c.own_bytes, a.all);
}

/* Every span is seen, and the heap is where they are. */
static void check_spans(struct go_target *t, struct go_live *live)
{
	struct runtime_memory m = { 0 };
	struct go_answer a = go_target__do(t, "gc", 2);
	uint64_t sums[3] = { 0 }, used = 0;

	assert_int_equal(go_live__memory(live, &m), 0);
	runtime_memory__sort(&m);
	for (size_t i = 0; i < m.nr_spans; i++) {
		const struct runtime_span *s = &m.spans[i];
		bool within = false;

		sums[s->kind] += s->end - s->start;
		used += s->used;
		for (size_t h = 0; h < m.nr_heaps; h++)
			within |= s->start >= m.heaps[h].start && s->end <= m.heaps[h].end;
		assert_true(within);
	}
	expect_near("spans", sums[RUNTIME_SPAN_OBJECTS], a.spans, .01);
	few_blocks_apart("stacks", sums[RUNTIME_SPAN_STACK], a.stacks);
	expect_near("objects", used, a.heap, .01);
	expect_near("live and since", m.live + m.fresh, a.heap, .01);
	assert_true(m.live > m.fresh && m.nr_places > 5 && m.own_bytes);
	runtime_memory__free(&m);
}

static void check_memory(struct go_target *t, struct go_live *live)
{
	struct go_answer a;

	/* the runtime starts threads, for which it allocates, until there are enough */
	for (int i = 0; i < 10; i++)
		go_target__do(t, "pingpong", 2000);
	/* what is swept later is freed later: only runtime.GC() waits for it */
	a = go_target__do(t, "gc", 3);
	same_as_the_program(t, live, a);
	go_target__do(t, "alloc", 100000);
	a = go_target__do(t, "gc", 1);
	same_as_the_program(t, live, a);
	assert_true(a.mallocs > 300000);
}

/* What lies in the Ps' caches counts, though nothing flushes them: this goes on while they are filled. */
static void check_cached(struct go_target *t, struct go_live *live)
{
	struct go_answer before = go_target__do(t, "alloc", 10), after;
	struct tare_counters c;

	go_target__ask(t, "hold", 1000);
	usleep(200000);
	c = count(live);
	after = go_target__answer(t);
	/* 1000 objects of 48 bytes, which no span of theirs is full of */
	assert_true(c.alloc_objects >= before.mallocs + 1000 && c.alloc_objects <= after.mallocs);
	assert_true(c.alloc_bytes >= before.bytes + 48000 && c.alloc_bytes <= after.bytes);
	assert_true(after.mallocs - c.alloc_objects < 50);
}

struct delta {
	uint64_t switches, created, syscalls, unclear;
};

static struct delta deed(struct go_target *t, struct go_live *live, const char *what, int n)
{
	struct tare_counters a = count(live), b;
	uint64_t unclear = go_target__unclear_runs(live);
	struct delta d;

	go_target__do(t, what, n);
	b = count(live);
	d = (struct delta){ b.goroutine_switches - a.goroutine_switches, b.goroutines_created - a.goroutines_created,
			    b.syscalls - a.syscalls, go_target__unclear_runs(live) - unclear };
	print_message("%s: %s %d: %" PRIu64 " switches, %" PRIu64 " created, %" PRIu64 " system calls\n", t->path, what,
		      n, (uint64_t)d.switches, (uint64_t)d.created, (uint64_t)d.syscalls);
	return d;
}

/* Of goroutines just created, on a fast machine, short runs may be missing: they may be moved stacks. Never too many.
 */
static void expect_most(const char *what, const struct delta *d, uint64_t want, double part)
{
	uint64_t missing = d->switches < want ? want - d->switches : 0;

	expect_near(what, d->switches + (missing < d->unclear ? missing : d->unclear), want, part);
}

static void check_scheduler(struct go_target *t, struct go_live *live)
{
	struct delta d;

	d = deed(t, live, "gosched", 400000);
	expect_near("Gosched", d.switches, 400000, .01);
	assert_int_equal(d.created, 4);
	/* on one P it is known who waits for whom: a round takes two switches */
	go_target__do(t, "procs", 1);
	d = deed(t, live, "pingpong", 200000);
	expect_near("ping-pong", d.switches, 400000, .01);
	assert_int_equal(d.created, 2);
	d = deed(t, live, "calls", 200000);
	assert_true(d.switches < 2000);
	assert_true(d.syscalls >= 200000 && d.syscalls < 220000);
	d = deed(t, live, "spawn", 200000);
	assert_int_equal(d.created, 200000);
	/* each runs once, and the first goroutine once for every 64; of single runs every eighth is a matter of chance
	 */
	expect_near("spawn", d.switches, 200000 + 200000 / 64, .06);
	d = deed(t, live, "grow", 20000);
	expect_most("moved stacks", &d, 40000, .05);
	/* each of them ran */
	assert_true(d.switches > 20000 - 20000 / 20);
	go_target__do(t, "procs", 2);
	d = deed(t, live, "pingpong", 200000);
	assert_true(d.switches > 100000 && d.switches < 800000);
}

static void check_histogram(struct go_live *live)
{
	struct go_hist h;
	uint64_t sum;

	assert_int_equal(go_live__histogram(live, GO_HIST_TIME_TO_RUN, &h), 0);
	sum = h.underflow;
	for (unsigned i = 0; i < h.nr; i++) {
		assert_true(h.from_ns[i] < h.from_ns[i + 1]);
		sum += h.count[i];
	}
	assert_int_equal(sum, h.total);
	assert_true(h.total > 400000 / 8);
	if (live->layout.minor >= 22) {
		assert_int_equal(go_live__histogram(live, GO_HIST_TOTAL_GC, &h), 0);
		assert_int_equal(h.total, count(live).pauses);
		assert_int_equal(go_live__histogram(live, GO_HIST_GC_PAUSES, &h), -ENOENT);
	} else {
		assert_int_equal(go_live__histogram(live, GO_HIST_GC_PAUSES, &h), 0);
		assert_int_equal(go_live__histogram(live, GO_HIST_TOTAL_GC, &h), -ENOENT);
	}
}

static uint64_t parts(const struct tare_cpu_account *a)
{
	return a->gc_total_ns + a->scavenge_total_ns + a->idle_ns + a->user_ns;
}

/*
 * Its account of CPU time, until now and not only until the last collection. That it is as the program says:
 * tests/live/go.sh.
 */
static void check_account(struct go_target *t, struct go_live *live)
{
	struct tare_counters before = count(live), after;
	uint64_t ns;

	if (live->layout.minor < 20) {
		assert_true(before.cpu.total_ns == TARE_UNKNOWN && before.cpu_told.total_ns == TARE_UNKNOWN);
		return;
	}
	go_target__do(t, "sleep", 100);
	after = count(live);
	assert_memory_equal(&before.cpu_told, &after.cpu_told, sizeof(after.cpu_told));
	ns = after.ts_ns - before.ts_ns;
	assert_int_equal(after.cpu.total_ns - before.cpu.total_ns, 2 * ns); /* GOMAXPROCS */
	assert_int_equal(parts(&after.cpu), after.cpu.total_ns);
	assert_true(after.cpu.idle_ns - before.cpu.idle_ns >= 100000000);
	go_target__do(t, "gc", 1);
	after = count(live);
	assert_true(after.cpu_told.total_ns > before.cpu.total_ns && after.cpu_told.idle_ns > before.cpu_told.idle_ns);
	assert_true(after.cpu.gc_total_ns >= after.cpu_told.gc_total_ns &&
		    after.cpu_told.gc_total_ns > before.cpu.gc_total_ns);
	assert_true(after.gc_percent == 100 && after.limit_bytes == TARE_NONE && after.marked_bytes &&
		    after.mapped_bytes > after.marked_bytes && after.globals_scan_bytes);
}

/* While it works at full speed: whatever is read never runs backwards, and is always an answer. */
static void check_busy(struct go_target *t, struct go_live *live)
{
	struct tare_counters last = count(live), known = { .cpu.total_ns = 0 },
			     c; /* .known: the last one with CPU time */
	struct go_live *again;

	go_target__do(t, "churn", 4);
	for (int i = 0; i < 100; i++) {
		c = count(live);
		assert_true(c.alloc_bytes >= last.alloc_bytes && c.alloc_objects >= last.alloc_objects);
		assert_true(c.goroutine_switches >= last.goroutine_switches && c.collections >= last.collections);
		assert_true(c.goroutines_created >= last.goroutines_created && c.pause_ns >= last.pause_ns);
		if (c.cpu.total_ns != TARE_UNKNOWN) {
			assert_true(c.cpu.total_ns >= known.cpu.total_ns);
			assert_int_equal(parts(&c.cpu), c.cpu.total_ns);
			assert_true(c.cpu.gc_pause_ns >= known.cpu.gc_pause_ns);
			known = c;
		}
		assert_true(c.alloc_bytes - last.alloc_bytes < 10ull << 30);
		last = c;
		usleep(2000);
	}
	/* and it can be found like that */
	again = look(t, PATTERN);
	no_problems(again, t);
	assert_int_equal(again->valid & vital, vital);
	go_live__close(again);
}

/* Every way by itself leads to the same places. */
static void check_ways(struct go_target *t, const struct go_variant *v, const struct go_live *live)
{
	static const unsigned ways[] = { SYMBOLS, SYMBOLS | DWARF, PATTERN, SCAN };
	enum go_global globals[] = { GO_SCHED_AT, GO_ALLP_AT, GO_ALLM_AT, GO_GC_AT, GO_MEMSTATS_AT };

	for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
		uint64_t began = now_ns();
		struct go_live *other;

		if (v->stripped && ways[w] & SYMBOLS)
			continue;
		other = look(t, ways[w]);
		print_message("%s: way %u: valid %#x, %" PRIu64 " us\n", t->path, ways[w], other->valid,
			      (uint64_t)(now_ns() - began) / 1000);
		no_problems(other, t);
		assert_int_equal(other->valid & vital, vital);
		for (size_t g = 0; g < ARRAY_SIZE(globals); g++) {
			if (go_globals__get(&other->at, globals[g]) != go_globals__get(&live->at, globals[g]))
				fail_msg("way %u: global %u is at %#" PRIx64 " by it, and at %#" PRIx64, ways[w],
					 globals[g], go_globals__get(&other->at, globals[g]),
					 go_globals__get(&live->at, globals[g]));
			assert_int_equal(other->found_by[globals[g]], ways[w] & ~DWARF);
		}
		go_live__close(other);
	}
}

static void check_gone(struct go_target *t, struct go_live *live)
{
	struct tare_counters c;

	go_target__stop(t);
	assert_int_equal(go_live__counters(live, &c), -ESRCH);
}

static void check_variant(const struct go_variant *v)
{
	struct go_target t;
	struct go_live *live;
	char path[128];

	go_target__build(dir, v, path);
	go_target__start(&t, path);
	go_target__do(&t, "gc", 2);
	live = look(&t, SYMBOLS | PATTERN | SCAN | DWARF);
	no_problems(live, &t);
	assert_int_equal(live->valid & vital, vital);
	assert_false(live->layout.guessed);
	check_ways(&t, v, live);
	check_memory(&t, live);
	check_spans(&t, live);
	check_cached(&t, live);
	check_scheduler(&t, live);
	check_histogram(live);
	check_account(&t, live);
	check_busy(&t, live);
	check_gone(&t, live);
	go_live__close(live);
	unlink(path);
}

static void installed_plain(void **state)
{
	struct go_variant v = { .toolchain = "local", .name = "plain", .flags = "" };

	check_variant(&v);
}

static void installed_stripped_pie(void **state)
{
	struct go_variant v = { .toolchain = "local",
				.name = "pie-stripped",
				.flags = "-buildmode=pie -ldflags='-s -w'",
				.stripped = true };

	check_variant(&v);
}

static void every_version(void **state)
{
	static const struct go_variant variants[] = {
		{ .name = "plain", .flags = "" },
		{ .name = "stripped", .flags = "-ldflags='-s -w'", .stripped = true },
		{ .name = "pie", .flags = "-buildmode=pie" },
		{ .name = "pie-stripped", .flags = "-buildmode=pie -ldflags='-s -w'", .stripped = true },
		{ .name = "cgo", .flags = "", .cgo = true },
		{ .name = "cgo-external-pie", .flags = "-buildmode=pie -ldflags=-linkmode=external", .cgo = true },
	};
	const char *versions = getenv("GO_VERSIONS") ?:
						       "1.19.13 1.20.14 1.21.13 1.22.12 1.23.11 1.23.12 1.24.5 1.24.13 "
						       "1.25.9 1.26.8 1.27.4",
		   *only = getenv("GO_VARIANT");
	char toolchain[32];

	if (!getenv("GO_MATRIX"))
		return;
	for (const char *p = versions; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		snprintf(toolchain, sizeof(toolchain), "go%.*s", (int)n, p);
		for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
			struct go_variant v = variants[i];

			v.toolchain = toolchain;
			if (!only || !strcmp(only, v.name))
				check_variant(&v);
		}
		p += n;
	}
}

static int set_up(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(installed_plain),
		cmocka_unit_test(installed_stripped_pie),
		cmocka_unit_test(every_version),
	};

	cmocka_set_test_filter(getenv("GO_ONLY"));
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
