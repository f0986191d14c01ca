// SPDX-License-Identifier: BSD-2-Clause
/* What tare serve keeps and tells: series come, end and are limited; the two formats. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "metrics.h"
#include "points.h"
#include "util.h"

#define S 1000000000ull

static struct labels named(const char *name)
{
	struct labels l = { .runtime = "native" };

	strcpy(l.process, name);
	return l;
}

static struct series *get(struct all_series *all, const char *name)
{
	struct labels l = named(name);

	return all_series__get(all, &l);
}

static void test_share(void **state)
{
	struct all_series all;
	struct series *a;

	all_series__init(&all, 4);
	a = get(&all, "a");
	assert_ptr_equal(get(&all, "a"), a);
	assert_ptr_not_equal(get(&all, "b"), a);
	assert_int_equal(a->nr_processes, 2);
	series__leave(a, 1);
	all_series__told(&all, all_series__audience(&all, 7, now_ns()));
	assert_int_equal(all.nr, 2);
	series__leave(a, 2);
	assert_int_equal(a->ended_ns, 2);
	assert_int_equal(all.nr, 2); /* until it was told */
	all_series__told(&all, all_series__audience(&all, 7, now_ns()));
	assert_int_equal(all.nr, 1);
	all_series__free(&all);
}

/* What has ended stays until each audience that there is was told, and is told to each once. */
static void test_audiences(void **state)
{
	struct all_series all;
	struct series *a;
	unsigned scraper;

	all_series__init(&all, 4);
	all.audiences |= 1u << AUDIENCE_PUSH;
	scraper = all_series__audience(&all, 7, now_ns());
	a = get(&all, "a");
	all_series__told(&all, AUDIENCE_PUSH);
	assert_true(series__is_told(a, AUDIENCE_PUSH));
	series__leave(a, 1);
	assert_true(series__is_told(a, AUDIENCE_PUSH));
	all_series__told(&all, AUDIENCE_PUSH);
	assert_false(series__is_told(a, AUDIENCE_PUSH));
	assert_true(series__is_told(a, scraper));
	/* back again, and gone */
	assert_ptr_equal(get(&all, "a"), a);
	assert_true(series__is_told(a, AUDIENCE_PUSH));
	series__leave(a, 2);
	all_series__told(&all, scraper);
	assert_int_equal(all.nr, 1);
	all_series__told(&all, AUDIENCE_PUSH);
	assert_int_equal(all.nr, 0);
	all_series__free(&all);
}

/* Two who scrape each get the last figures, and nobody waits for one who is gone. */
static void test_scrapers(void **state)
{
	uint64_t now = now_ns();
	struct all_series all;
	unsigned one, two;

	all_series__init(&all, 4);
	one = all_series__audience(&all, 11, now);
	two = all_series__audience(&all, 22, now);
	assert_int_not_equal(one, two);
	assert_int_not_equal(one, AUDIENCE_PUSH);
	assert_int_equal(all_series__audience(&all, 11, now + S), one);
	series__leave(get(&all, "a"), 1);
	all_series__told(&all, one);
	assert_int_equal(all.nr, 1);
	assert_false(series__is_told(all.at[0], one));
	assert_true(series__is_told(all.at[0], two));
	all_series__told(&all, two);
	assert_int_equal(all.nr, 0);

	/* the second comes no more */
	series__leave(get(&all, "b"), 2);
	assert_int_equal(all_series__audience(&all, 11, now + 200 * S), one);
	all_series__told(&all, one);
	assert_int_equal(all.nr, 1);
	assert_int_equal(all_series__audience(&all, 0, now + 302 * S), AUDIENCE_PUSH);
	all_series__told(&all, one);
	assert_int_equal(all.nr, 0);

	/* what another was told before is not told to the one who has its place now */
	all_series__audience(&all, 22, now + 302 * S);
	series__leave(get(&all, "c"), 3);
	for (unsigned i = 0; i < 100; i++) {
		unsigned at = all_series__audience(&all, 1000 + i, now + (303 + i) * S);

		assert_in_range(at, AUDIENCE_SCRAPERS, AUDIENCES_MAX - 1);
		assert_true(series__is_told(all.at[0], at));
		all.at[0]->told_to |= 1u << at;
	}
	all_series__free(&all);
}

static void test_limit(void **state)
{
	struct all_series all;
	struct series *a, *b;

	all_series__init(&all, 2);
	a = get(&all, "a");
	b = get(&all, "b");
	assert_ptr_equal(get(&all, "c"), &all.other);
	assert_ptr_equal(get(&all, "d"), &all.other);
	assert_int_equal(all.other.nr_processes, 2);
	assert_ptr_equal(get(&all, "b"), b);
	/* nobody asked, but one that has ended makes room: the one that ended first */
	series__leave(a, 7);
	series__leave(b, 5);
	series__leave(b, 6);
	assert_string_equal(get(&all, "e")->labels.process, "e");
	assert_int_equal(all.nr, 2);
	assert_ptr_equal(get(&all, "a"), a);
	all_series__free(&all);
}

static void test_reasons(void **state)
{
	struct all_series all;
	struct pause p = { .request_ns = 1000, .end_ns = 3000, .reason_name = "same" };
	struct series *s;
	char name[16];

	all_series__init(&all, 1);
	s = get(&all, "a");
	series__pause(s, &p);
	series__pause(s, &p);
	assert_int_equal(s->nr_reasons, 1);
	assert_int_equal(s->reasons[0].pauses.count, 2);
	assert_int_equal(s->reasons[0].pauses.total_ns, 4000);
	p.reason_name = name;
	for (int i = 0; i < 3 * SERIES_MAX_REASONS; i++) {
		snprintf(name, sizeof(name), "reason %d", i);
		series__pause(s, &p);
	}
	assert_int_equal(s->nr_reasons, SERIES_MAX_REASONS);
	assert_string_equal(s->reasons[SERIES_MAX_REASONS - 1].name, "other");
	assert_int_equal(s->reasons[SERIES_MAX_REASONS - 1].pauses.count, 3 * SERIES_MAX_REASONS - 30);
	all_series__free(&all);
}

static void test_buckets(void **state)
{
	struct buckets b = { 0 };

	buckets__add(&b, 0);
	buckets__add(&b, 10000); /* a bound belongs to its bucket */
	buckets__add(&b, 10001);
	buckets__add(&b, UINT64_MAX / 2);
	assert_int_equal(b.in[0], 2);
	assert_int_equal(b.in[1], 1);
	assert_int_equal(b.in[NR_BUCKETS - 1], 0);
	assert_int_equal(b.count, 4);
}

static char *page(struct fold *f, enum metrics_format format)
{
	struct families_self self = { .cpu_ns = 1500000000, .recordings = TARE_UNKNOWN, .sent = TARE_UNKNOWN };
	size_t len;
	char *text = metrics__text(f, &self, format, 1, &len);

	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	return text;
}

static void test_formats(void **state)
{
	struct fold *f = fold__new(4, false);
	struct series *s = get(&f->processes.series, "a\"b\\c");
	char *text;

	s->acc.on_cpu_ns = 2000000001;
	text = page(f, METRICS_TEXT);
	assert_non_null(strstr(text, "# TYPE tare_cpu_seconds_total counter\n"));
	assert_non_null(strstr(
		text, "tare_cpu_seconds_total{process=\"a\\\"b\\\\c\",cgroup=\"\",container=\"\",runtime=\"native\"}"
		      " 2.000000001\n"));
	assert_non_null(strstr(text, "tare_recorder_cpu_seconds_total 1.500000000\n"));
	assert_null(strstr(text, "tare_heap_bytes"));
	assert_null(strstr(text, "# EOF"));
	free(text);
	/* a wait that turned out to have begun earlier */
	s->acc.on_cpu_ns = 1900000000;
	text = page(f, METRICS_OPEN);
	assert_non_null(strstr(text, "# TYPE tare_cpu_seconds counter\n# UNIT tare_cpu_seconds seconds\n"));
	assert_non_null(strstr(text, "runtime=\"native\"} 2.000000001\n"));
	assert_string_equal(text + strlen(text) - strlen("# EOF\n"), "# EOF\n");
	free(text);
	fold__free(f);
}

/* What a collector answers may be anything. */
static void test_answers(void **state)
{
	static const uint8_t partial[] = { 0x0a, 0x08, 0x08, 0xac, 0x02, 0x12, 0x03, 'b', 0x1b, 'd' };
	uint8_t noise[64];
	char why[32];

	assert_int_equal(points__refused(partial, sizeof(partial), why, sizeof(why)), 300);
	assert_string_equal(why, "b?d");
	assert_int_equal(points__refused(NULL, 0, why, sizeof(why)), 0);
	assert_string_equal(why, "");
	for (size_t len = 0; len < sizeof(partial); len++)
		points__refused(partial, len, why, sizeof(why));
	srand(1);
	for (int i = 0; i < 100000; i++) {
		uint8_t *exact = malloc(i % sizeof(noise) + 1);

		for (size_t k = 0; k <= i % sizeof(noise); k++)
			exact[k] = rand() % 3 ? rand() : partial[rand() % sizeof(partial)];
		points__refused(exact, i % sizeof(noise) + 1, why, sizeof(why));
		free(exact);
	}
}

static void test_request(void **state)
{
	struct families_self self = { .cpu_ns = 1, .recordings = TARE_UNKNOWN, .sent = 3 };
	struct fold *f = fold__new(4, false);
	struct pb pb = { 0 };

	get(&f->processes.series, "\xff\"");
	assert_int_equal(points__request(f, &self, &pb), 0);
	assert_non_null(memmem(pb.data, pb.len, "tare.run_queue_latency", 22));
	assert_non_null(memmem(pb.data, pb.len, "tare.otlp_pushes", 16));
	assert_null(memmem(pb.data, pb.len, "tare_", 5));
	assert_null(memmem(pb.data, pb.len, "\xff\"", 2)); /* texts are UTF-8 */
	pb__free(&pb);
	fold__free(f);
}

/* ---- the fold ---- */

static void event(struct fold *f, struct event ev)
{
	struct stream_fold stream = fold__stream(f);

	assert_int_equal(stream.event(stream.ctx, &ev), 0);
}

#define NOBODY 4000000 /* no such process: what /proc says does not matter */

static void born(struct fold *f, uint64_t ts_ns, uint32_t tid, uint32_t tgid, const char *comm)
{
	struct event ev = { .kind = EVENT_FORK, .ts_ns = ts_ns };

	ev.fork.tid = tid;
	ev.fork.tgid = tgid;
	ev.fork.parent_tid = ev.fork.parent_tgid = tid == tgid ? 1 : tgid;
	strcpy(ev.fork.comm, comm);
	event(f, ev);
	if (tid != tgid)
		return;
	ev = (struct event){ .kind = EVENT_EXEC, .ts_ns = ts_ns };
	ev.exec.tid = ev.exec.old_tid = tid;
	strcpy(ev.exec.comm, comm);
	event(f, ev);
}

static void switched(struct fold *f, uint64_t ts_ns, uint32_t prev, uint32_t next, enum tare_state state)
{
	struct event ev = { .kind = EVENT_SWITCH, .ts_ns = ts_ns };

	ev.sw.prev_tid = prev;
	ev.sw.prev_target = prev;
	ev.sw.voluntary = true;
	ev.sw.state = state;
	ev.sw.syscall = TARE_NO_SYSCALL;
	ev.sw.next_tid = next;
	ev.sw.next_target = next;
	event(f, ev);
}

static void test_fold(void **state)
{
	struct fold *f = fold__new(4, false);
	struct stream_fold stream = fold__stream(f);
	struct all_series *all = &f->processes.series;
	char *text;

	born(f, 10 * S, NOBODY, NOBODY, "prog");
	born(f, 10 * S, NOBODY + 1, NOBODY, "worker7");
	switched(f, 10 * S, 0, NOBODY, 0);
	switched(f, 10 * S + 300, NOBODY, NOBODY + 1, TARE_STATE_INTERRUPTIBLE);
	switched(f, 10 * S + 800, NOBODY + 1, 0, TARE_STATE_DEAD);
	text = page(f, METRICS_TEXT);
	assert_non_null(strstr(text, "process=\"prog\""));
	assert_null(strstr(text, "worker7"));
	assert_non_null(strstr(text, " 0.000000800\n"));
	free(text);
	/* it has ended: told once more, and forgotten */
	switched(f, 11 * S, 0, NOBODY, 0);
	switched(f, 11 * S + 100, NOBODY, 0, TARE_STATE_DEAD);
	for (int i = 0; i < 4; i++)
		stream.idle(stream.ctx, (12 + i) * S);
	assert_int_equal(f->processes.by_pid.count, 0);
	assert_int_equal(f->switches.threads.nr_rows, 0);
	text = page(f, METRICS_TEXT);
	assert_non_null(strstr(text, " 0.000000900\n"));
	free(text);
	assert_int_equal(all->nr, 0);
	fold__free(f);
}

/* It has another name while it runs and while it waits: each ns is told of one of them. */
static void test_renamed(void **state)
{
	struct event ev = { .kind = EVENT_RENAME, .ts_ns = 10 * S + 500 };
	const struct tare_loss loss = { 0 };
	struct fold *f = fold__new(4, false);
	struct stream_fold stream = fold__stream(f);
	uint64_t cpu_ns = 0, wait_ns = 0;

	born(f, 10 * S, NOBODY, NOBODY, "one");
	born(f, 10 * S, NOBODY + 1, NOBODY, "worker");
	switched(f, 10 * S, 0, NOBODY + 1, 0);
	switched(f, 10 * S + 100, NOBODY + 1, NOBODY, TARE_STATE_RUNNING);
	stream.idle(stream.ctx, 10 * S + 400);
	free(page(f, METRICS_TEXT));
	/* it is told ahead of the switches */
	event(f, (struct event){ .kind = EVENT_LOSS, .ts_ns = 10 * S + 5000, .loss = &loss });
	ev.name.tid = ev.name.tgid = NOBODY;
	strcpy(ev.name.comm, "two");
	event(f, ev);
	assert_int_equal(f->processes.series.nr, 2);
	switched(f, 10 * S + 900, NOBODY, NOBODY + 1, TARE_STATE_INTERRUPTIBLE);
	fold__settle(f);
	for (uint32_t i = 0; i < 2; i++) {
		const struct series *s = f->processes.series.at[i];

		cpu_ns += s->acc.on_cpu_ns;
		wait_ns += s->acc.run_queue_ns;
		assert_int_equal(s->acc.on_cpu_ns, strcmp(s->labels.process, "one") ? 400 : 500);
		assert_true(s->told_cpu_ns <= s->acc.on_cpu_ns);
		assert_true(s->told_run_queue_ns <= s->acc.run_queue_ns);
	}
	assert_int_equal(cpu_ns, 900);
	assert_int_equal(wait_ns, 800);
	fold__free(f);
}

/* A hundred thousand processes, one after the other, leave nothing behind. */
static void test_forgets(void **state)
{
	struct fold *f = fold__new(4, true);

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t now = 10 * S + i * 10000000ull;
		uint32_t pid = 3000000 + i % 1000;

		born(f, now, pid, pid, "short");
		switched(f, now + 1, 0, pid, 0);
		switched(f, now + 2, pid, 0, TARE_STATE_DEAD);
	}
	assert_in_range(f->processes.by_pid.count, 0, 500);
	assert_in_range(f->processes.series.nr, 0, 4);
	assert_int_equal(f->switches.threads.nr_rows, 0);
	assert_in_range(f->switches.threads.births.nr, 0, 1000);
	assert_int_equal(f->switches.threads.nr_folds, 0);
	fold__free(f);
}

/* The kernel had no room to tell that a process has ended: it is forgotten all the same. */
static void test_lost_end(void **state)
{
	struct fold *f = fold__new(4, false);
	struct stream_fold stream = fold__stream(f);
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	born(f, 10 * S, pid, pid, "prog");
	switched(f, 10 * S + 1, 0, pid, 0);
	for (int i = 1; i < 3; i++)
		stream.idle(stream.ctx, (10 + i) * S);
	assert_int_equal(f->processes.by_pid.count, 1);
	/* it is on a CPU, as far as is known, but sleeps */
	for (int i = 3; i < 8; i++)
		stream.idle(stream.ctx, (10 + i) * S);
	assert_int_equal(f->switches.threads.nr_rows, 1);
	assert_int_equal(f->switches.threads.rows[0]->state, THREAD_LOST);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 8; i < 16; i++)
		stream.idle(stream.ctx, (10 + i) * S);
	assert_int_equal(f->switches.threads.nr_rows, 0);
	assert_int_equal(f->processes.by_pid.count, 0);
	fold__free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_audiences), cmocka_unit_test(test_answers),  cmocka_unit_test(test_request),
		cmocka_unit_test(test_share),	  cmocka_unit_test(test_limit),	   cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_buckets),	  cmocka_unit_test(test_formats),  cmocka_unit_test(test_fold),
		cmocka_unit_test(test_forgets),	  cmocka_unit_test(test_lost_end), cmocka_unit_test(test_scrapers),
		cmocka_unit_test(test_renamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
