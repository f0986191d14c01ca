// SPDX-License-Identifier: BSD-2-Clause
/* tare top without a terminal: rows from two sums, what keys do, screens as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "top_page.h"
#include "util.h"

#define SECOND NSEC_PER_SEC
#define MS     1000000ull

static struct top_list *list_of(struct top_sums *s)
{
	return &s->lists[TOP_LIST_THREADS];
}

static struct top_item *thread(struct top_sums *s, uint32_t tid, uint64_t born_ns, const char *name, uint64_t cpu_ns,
			       uint64_t switches)
{
	struct top_item *it = top_list__add(list_of(s));

	assert_non_null(it);
	it->key = it->id = tid;
	it->born_ns = born_ns;
	strcpy(it->name, name);
	strcpy(it->note, "futex");
	it->v[TOP_CPU] = cpu_ns;
	it->v[TOP_SWITCHES] = switches;
	it->v[TOP_RUN_QUEUE] = it->v[TOP_THROTTLED] = 0;
	return it;
}

static int rows(struct top_sums *before, struct top_sums *now, const char *filter, struct top_order order,
		struct top_row **to)
{
	int n = top_rows(&top_views[TOP_THREADS_VIEW], list_of(before), list_of(now), 2 * SECOND, filter, order, to);

	assert_true(n >= 0);
	return n;
}

static void rates_are_what_changed(void **unused)
{
	struct top_sums before = { 0 }, now = { 0 };
	struct top_row *r;
	char buf[128];

	thread(&before, 1, 10, "old", 5 * SECOND, 1000);
	thread(&now, 1, 10, "old", 6 * SECOND, 1500);
	/* it has the id of one that ended: what that had is not its own */
	thread(&before, 2, 10, "first", 9 * SECOND, 9000)->ended = true;
	thread(&now, 2, 20, "second", 500 * MS, 40);
	/* sums never shrink; where a wait turns out to have been another one, nothing is not less than nothing */
	thread(&before, 3, 10, "shrinks", SECOND, 10);
	thread(&now, 3, 10, "shrinks", SECOND - 1, 10);
	assert_int_equal(rows(&before, &now, "", (struct top_order){ 1, false }, &r), 3);
	assert_int_equal(r[0].item->id, 1);
	assert_true(r[0].cells[1] == 50 && r[0].cells[2] == 250);
	assert_int_equal(r[1].item->id, 2);
	assert_true(r[1].cells[1] == 25 && r[1].cells[2] == 20);
	assert_true(r[2].cells[1] == 0);
	assert_string_equal(top_cell(&r[1], &top_views[TOP_THREADS_VIEW].columns[1], r[1].cells[1], buf), "25.0");
	assert_string_equal(top_cell(&r[0], &top_views[TOP_THREADS_VIEW].columns[2], r[0].cells[2], buf), "250");
	free(r);
	top_sums__free(&before);
	top_sums__free(&now);
}

static void what_ended_is_shown_for_what_it_did(void **unused)
{
	struct top_sums before = { 0 }, now = { 0 };
	struct top_row *r;

	thread(&before, 1, 10, "gone", 5 * SECOND, 1000)->ended = true;
	thread(&now, 1, 10, "gone", 5 * SECOND, 1000)->ended = true;
	thread(&before, 2, 10, "just", 5 * SECOND, 1000);
	thread(&now, 2, 10, "just", 5 * SECOND, 1001)->ended = true;
	thread(&now, 3, 10, "asleep", 0, 0);
	assert_int_equal(rows(&before, &now, "", (struct top_order){ 6, false }, &r), 2);
	assert_string_equal(r[0].item->name, "asleep");
	assert_string_equal(r[1].item->name, "just");
	free(r);
	top_sums__free(&before);
	top_sums__free(&now);
}

static void rows_are_sorted_and_filtered(void **unused)
{
	struct top_sums now = { 0 }, none = { 0 };
	struct top_row *r;

	thread(&now, 30, 1, "apple", 10, 300);
	thread(&now, 10, 1, "cherry", 30, 100);
	thread(&now, 20, 1, "banana", 20, 200);
	thread(&now, 40, 1, "unknown", 0, 0)->v[TOP_SWITCHES] = TARE_UNKNOWN;
	assert_int_equal(rows(&none, &now, "", (struct top_order){ 2, false }, &r), 4);
	assert_int_equal(r[0].item->id, 30);
	assert_int_equal(r[3].item->id, 40); /* what is not known comes last .. */
	free(r);
	assert_int_equal(rows(&none, &now, "", (struct top_order){ 2, true }, &r), 4);
	assert_int_equal(r[0].item->id, 10);
	assert_int_equal(r[3].item->id, 40); /* .. in either order */
	free(r);
	rows(&none, &now, "", (struct top_order){ 6, true }, &r);
	assert_string_equal(r[0].item->name, "unknown");
	free(r);
	assert_int_equal(rows(&none, &now, "AN", (struct top_order){ 1, false }, &r), 1);
	assert_string_equal(r[0].item->name, "banana");
	free(r);
	assert_int_equal(rows(&none, &now, "10", (struct top_order){ 1, false }, &r), 1);
	assert_string_equal(r[0].item->name, "cherry");
	free(r);
	assert_int_equal(rows(&none, &now, "futex", (struct top_order){ 1, false }, &r), 4);
	free(r);
	assert_int_equal(rows(&none, &now, "nobody", (struct top_order){ 1, false }, &r), 0);
	free(r);
	top_sums__free(&now);
}

/* A reading of counters may be older than the sums that have it: its rate is of the time that it covers. */
static void counters_go_by_their_own_clock(void **unused)
{
	const struct top_view *v = &top_views[TOP_ALLOCATION_VIEW];
	struct top_list before = { 0 }, now = { 0 };
	struct top_item *a = top_list__add(&before), *b = top_list__add(&now);
	struct top_row *r;
	char buf[128];

	a->key = b->key = 7;
	a->v[TOP_ALLOC_BYTES] = 1000;
	a->v[TOP_COUNTED] = SECOND;
	b->v[TOP_ALLOC_BYTES] = 4000;
	b->v[TOP_COUNTED] = 2 * SECOND;
	assert_int_equal(top_rows(v, &before, &now, 10 * SECOND, "", (struct top_order){ 1, false }, &r), 1);
	assert_true(r[0].cells[1] == 3000);
	assert_string_equal(top_cell(&r[0], &v->columns[2], r[0].cells[2], buf), "-"); /* objects: not told */
	free(r);
	a->v[TOP_COUNTED] = b->v[TOP_COUNTED]; /* none came meanwhile */
	assert_int_equal(top_rows(v, &before, &now, 10 * SECOND, "", (struct top_order){ 1, false }, &r), 1);
	assert_string_equal(top_cell(&r[0], &v->columns[1], r[0].cells[1], buf), "-");
	free(r);
	top_list__free(&before);
	top_list__free(&now);
}

static void numbers_fit_their_columns(void **unused)
{
	static const double rates[] = { 0, 0.04, 9.96, 999.6, 999999, 1e6, 123456789, 4e11 };
	char buf[32];

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		assert_true(strlen(top_fmt_rate(rates[i], buf)) <= 9);
	assert_string_equal(top_fmt_rate(6815422, buf), "6.82 M");
	assert_string_equal(top_fmt_rate(1234, buf), "1,234");
}

static void press(struct top_screen *s, const char *keys)
{
	while (*keys)
		top_screen__key(s, *keys++);
}

static void keys_do_what_the_help_says(void **unused)
{
	struct top_screen s;

	top_screen__init(&s);
	press(&s, "3");
	assert_int_equal(s.view, TOP_PAUSES_VIEW);
	press(&s, "s");
	assert_true(s.by_length);
	press(&s, "7\t");
	assert_int_equal(s.view, TOP_THREADS_VIEW);
	press(&s, ">>>>>>>>>>"); /* stops at the last one */
	assert_int_equal(s.order[s.view].column, top_views[s.view].nr_columns - 1);
	press(&s, "s"); /* wraps */
	assert_int_equal(s.order[s.view].column, 0);
	press(&s, "<r");
	assert_true(s.order[s.view].column == 0 && s.order[s.view].reversed);
	press(&s, "/qpc1\b\177x\r"); /* typed, not obeyed */
	assert_string_equal(s.filter, "qpx");
	assert_true(!s.quit && !s.paused && !s.typing && s.view == TOP_THREADS_VIEW);
	press(&s, "/ab\033");
	assert_string_equal(s.filter, "");
	press(&s, "p");
	assert_true(s.paused);
	press(&s, " c");
	assert_true(!s.paused && s.since_start);
	press(&s, "hq");
	assert_true(!s.help && !s.quit);
	press(&s, "/");
	for (int i = 0; i < 1000; i++)
		press(&s, "y");
	assert_int_equal(strlen(s.filter), TOP_FILTER_MAX);
	press(&s, "\003");
	assert_true(s.quit);
	for (int key = 0; key < 300; key++) {
		top_screen__init(&s);
		top_screen__key(&s, key);
		assert_true(s.view < NR_TOP_VIEWS && s.order[s.view].column <= top_views[s.view].nr_columns);
	}
}

struct screens {
	struct top_sums first, now;
	struct top_pauses pauses;
	struct top_data d;
};

static void screens__init(struct screens *sc)
{
	struct top_item *it;

	memset(sc, 0, sizeof(*sc));
	sc->first.at_ns = 10 * SECOND;
	sc->now = (struct top_sums){ .begin_ns = 10 * SECOND,
				     .at_ns = 12 * SECOND,
				     .target = "a target with a name (pid 4194304) and 65535 more",
				     .runtime = "go1.26",
				     .cpus = 64,
				     .probes_ns = TARE_UNKNOWN,
				     .tells_pauses = true };
	for (int i = 0; i < NR_TOP_FIGURES; i++)
		sc->now.all.v[i] = 123456789012345;
	for (int i = 0; i < 50; i++)
		thread(&sc->now, 1000 + i, 1, "Namen\xc3\xa4nderung", i * MS, i);
	it = top_list__add(&sc->now.lists[TOP_LIST_PROCESSES]);
	it->key = it->id = 4194304;
	for (int i = 0; i < NR_TOP_FIGURES; i++)
		it->v[i] = 123456789012345;
	for (int i = 0; i < 150; i++) {
		struct top_pause *p = &sc->pauses.latest[sc->pauses.nr++ % TOP_PAUSES_KEPT];

		p->request_ns = 11 * SECOND + i * MS;
		p->world_ns = 1000 + i;
		strcpy(p->reason, "GC mark termination");
		strcpy(p->cause, "runqueue");
		memset(p->sentence, 'x', sizeof(p->sentence) - 1); /* one word, far too long */
		memcpy(p->sentence, "held by somebody ", 17);
	}
	sc->d = (struct top_data){ .first = &sc->first, .before = &sc->first, .now = &sc->now, .pauses = &sc->pauses };
}

static void screens__free(struct screens *sc)
{
	top_sums__free(&sc->first);
	top_sums__free(&sc->now);
}

static int columns(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

static bool has(const struct top_page *p, const char *text)
{
	for (size_t i = 0; i < p->nr; i++)
		if (strstr(p->lines[i].text, text))
			return true;
	return false;
}

static void each_view_fits_each_size(void **unused)
{
	static const int sizes[][2] = { { 24, 80 }, { 40, 120 }, { 1, 1 }, { 2, 30 }, { 8, 10 }, { 100, 400 } };
	struct screens sc;
	struct top_screen s;
	struct top_page p;

	screens__init(&sc);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int view = 0; view < NR_TOP_VIEWS; view++) {
			top_screen__init(&s);
			s.rows = sizes[i][0];
			s.columns = sizes[i][1];
			s.view = view;
			top_page__make(&p, &s, &sc.d, false);
			assert_false(p.failed);
			/* the head may be higher than a terminal of few rows */
			assert_true(s.rows < 8 || (int)p.nr == s.rows);
			for (size_t l = 0; l < p.nr; l++)
				assert_true(columns(p.lines[l].text) <= s.columns);
			top_page__free(&p);
		}
	screens__free(&sc);
}

static void a_screen_says_what_there_is(void **unused)
{
	struct screens sc;
	struct top_screen s;
	struct top_page p;

	screens__init(&sc);
	top_screen__init(&s);
	sc.now.lost = 1234;
	top_page__make(&p, &s, &sc.d, false);
	assert_true(has(&p, "lost 1,234 events: figures are too low"));
	assert_true(has(&p, "[1 threads]"));
	assert_true(has(&p, "Namen\xc3\xa4nderung"));
	top_page__free(&p);
	sc.now.end_reason = TARE_END_TARGET_GONE;
	s.view = TOP_PAUSES_VIEW;
	top_page__make(&p, &s, &sc.d, false);
	assert_true(has(&p, "the target has ended"));
	assert_true(has(&p, "1.149000")); /* the newest */
	top_page__free(&p);
	s.scroll = 1000000;
	s.view = TOP_THREADS_VIEW;
	top_page__make(&p, &s, &sc.d, false);
	assert_int_equal(s.scroll, 49); /* the last row stays in sight */
	top_page__free(&p);
	s.scroll = 0;
	strcpy(s.filter, "no such");
	top_page__make(&p, &s, &sc.d, false);
	assert_true(has(&p, "no row contains 'no such'"));
	top_page__free(&p);
	s.filter[0] = '\0';
	top_page__make(&p, &s, &sc.d, true); /* a file has all rows */
	assert_true(p.nr > 50);
	top_page__free(&p);
	screens__free(&sc);
}

static void the_longest_pauses_are_kept(void **unused)
{
	static struct top_pauses ps;
	struct model *m = model__new();

	assert_non_null(m);
	for (uint64_t i = 0; i < 500; i++) {
		uint64_t ns = 1 + i * 7919 % 1000; /* all different: 7919 is prime to 1000 */
		struct pause p = { .request_ns = i * SECOND, .end_ns = i * SECOND + ns, .seq = i, .reason = 1 };

		p.part_ns[PAUSE_STOPPED] = p.cause_ns[PAUSE_RUNTIME] = ns;
		top_pauses__add(&ps, m, &p);
	}
	assert_int_equal(top_pauses__kept(&ps), TOP_PAUSES_KEPT);
	assert_int_equal(top_pauses__get(&ps, false, 0)->seq, 499);
	assert_int_equal(top_pauses__get(&ps, false, TOP_PAUSES_KEPT - 1)->seq, 400);
	for (unsigned i = 1; i < TOP_PAUSES_KEPT; i++)
		assert_true(top_pauses__get(&ps, true, i - 1)->world_ns > top_pauses__get(&ps, true, i)->world_ns);
	for (uint64_t i = 0, longer = 0; i < 500; i++) {
		longer += 1 + i * 7919 % 1000 > top_pauses__get(&ps, true, TOP_PAUSES_KEPT - 1)->world_ns;
		assert_true(longer < TOP_PAUSES_KEPT);
	}
	model__free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_what_changed),	cmocka_unit_test(what_ended_is_shown_for_what_it_did),
		cmocka_unit_test(rows_are_sorted_and_filtered), cmocka_unit_test(counters_go_by_their_own_clock),
		cmocka_unit_test(numbers_fit_their_columns),	cmocka_unit_test(keys_do_what_the_help_says),
		cmocka_unit_test(each_view_fits_each_size),	cmocka_unit_test(a_screen_says_what_there_is),
		cmocka_unit_test(the_longest_pauses_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
