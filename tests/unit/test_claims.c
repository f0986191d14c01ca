// SPDX-License-Identifier: BSD-2-Clause
/* Claims: the table, figures taken from documents, medians and verdicts. What programs do is tested live. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figure.h"
#include "show.h"
#include "util.h"

#define RUNS "\"runs\": { \"A\": \"a-bench x\", \"B\": { \"run\": \"b-bench x\", \"span\": \"part\" } }"
#define CLAIM(id, rules)                                                                                         \
	"{ \"id\": \"" id "\", \"group\": \"g\", \"said\": \"s\", \"source\": \"w\", \"figure\": \"cpu\", " RUNS \
	", \"rules\": [ " rules " ] }"
#define TABLE(claims)                                                                                           \
	"{ \"figures\": { \"cpu\": { \"unit\": \"ns\", \"what\": \"CPU time\", \"value\": \"span/on_cpu_ns\", " \
	"\"per\": \"span/n\", \"own\": \"span/elapsed_ns\" } }, \"claims\": [ " claims " ] }"

static int read_text(struct claims *c, const char *text)
{
	char path[] = "/tmp/test_claims.XXXXXX";
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	ret = claims__read(c, path);
	unlink(path);
	return ret;
}

static void table(void **unused)
{
	struct claims c;

	assert_int_equal(
		read_text(&c,
			  TABLE(CLAIM(
				  "switch-user",
				  "{ \"of\": \"A\", \"about\": 100 }, { \"of\": \"A\", \"over\": "
				  "\"B\", \"between\": [ 2, 3 ] }") ", " CLAIM("switches",
									       "{ \"of\": \"B\", \"at_least\": 5 }"))),
		0);
	assert_int_equal(c.nr_claims, 2);
	assert_int_equal(c.claims[0].nr_cells, 2);
	assert_string_equal(c.claims[0].cells[0].span, "all");
	assert_string_equal(c.claims[0].cells[1].span, "part");
	assert_ptr_equal(c.claims[0].rules[1].over, &c.claims[0].cells[1]);
	assert_true(c.claims[0].rules[1].low == 2 && c.claims[0].rules[1].high == 3);
	assert_int_equal(claims__choose(&c, "switch"), 1); /* not "switches" */
	assert_false(c.claims[1].chosen);
	assert_int_equal(claims__choose(&c, "g"), 2);
	assert_int_equal(claims__choose(&c, "nothing"), 0);
	claims__free(&c);
}

static void bad_tables(void **unused)
{
	static const char *const bad[] = {
		"{",
		"[]",
		TABLE(""),
		TABLE("{}"),
		TABLE(CLAIM("a", "")),
		TABLE(CLAIM("a", "{ \"of\": \"C\", \"about\": 1 }")),
		TABLE(CLAIM("a", "{ \"of\": \"A\", \"over\": \"C\", \"about\": 1 }")),
		TABLE(CLAIM("a", "{ \"of\": \"A\" }")),
		TABLE(CLAIM("a", "{ \"of\": \"A\", \"between\": [ 3, 2 ] }")),
		TABLE(CLAIM("a", "{ \"of\": \"A\", \"about\": 1 }") ", " CLAIM("a", "{ \"of\": \"A\", \"about\": 1 }")),
		"{ \"figures\": { \"cpu\": { \"unit\": \"ns\" } }, \"claims\": [] }",
		"{ \"figures\": {}, \"claims\": [ " CLAIM("a", "{ \"of\": \"A\", \"about\": 1 }") " ] }",
	};
	struct claims c;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(read_text(&c, bad[i]), -EINVAL);
		claims__free(&c);
	}
	assert_int_equal(claims__read(&c, "/no/such/table"), -EINVAL);
	claims__free(&c);
}

static void paths(void **unused)
{
	struct documents d = {
		.own = json_loads("{\"n\": 7, \"yes\": true, \"no\": false, \"word\": \"x\"}", 0, NULL),
		.report = json_loads(
			"{\"classes\": [{\"group\": \"net\", \"ns\": 1}, {\"group\": \"collector\", \"ns\": 20},"
			" {\"group\": \"collector\", \"ns\": 300}], \"a/b\": 1}",
			0, NULL),
	};

	assert_true(figure__at(&d, "own/n") == 7);
	assert_true(figure__at(&d, "own/yes") == 1);
	assert_true(figure__at(&d, "own/no") == 0);
	assert_true(figure__at(&d, "report/classes/group=collector/ns") == 320);
	assert_true(figure__at(&d, "report/classes/group=other/ns") == 0);
	assert_true(figure__at(&d, "report/classes/group=coll*/ns") == 320);
	assert_true(figure__at(&d, "report/classes/group=*/ns") == 321);
	assert_true(figure__at(&d, "report/classes/group=n*t/ns") == 0);
	assert_true(figure__at(&d, "report/classes/*/ns") == 321);
	assert_true(figure__at(&d, "report/classes/#") == 3);
	assert_true(isnan(figure__at(&d, "own/word")));
	assert_true(isnan(figure__at(&d, "own/none")));
	assert_true(isnan(figure__at(&d, "own")));
	assert_true(isnan(figure__at(&d, "span/n")));
	assert_true(isnan(figure__at(&d, "other/n")));
	assert_true(isnan(figure__at(&d, "report/classes/*/none")));
	assert_true(isnan(figure__at(&d, "own/n/deeper")));
	json_decref(d.own);
	json_decref(d.report);
}

static struct series of(size_t nr, const double *v)
{
	struct series s = { .nr = nr };

	memcpy(s.of, v, nr * sizeof(*v));
	return s;
}

static void estimates(void **unused)
{
	double few[] = { 3, 1, NAN, 2, 10, 4 }, many[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
	struct series s = of(6, few), t = of(10, many), none = { 0 };
	struct estimate e = series__estimate(&s);

	assert_int_equal(e.nr, 5);
	assert_true(e.median == 3 && e.low == 1 && e.high == 10);
	/* of 10: P(fewer than 2 heads) = 11/1024, twice that 2.1 %; with 3 it would be 10.9 % */
	e = series__estimate(&t);
	assert_true(e.median == 5.5 && e.low == 2 && e.high == 9);
	assert_true(isnan(series__estimate(&none).median));
	e = series__ratio(&t, &t);
	assert_true(e.median == 1 && e.low == 1 && e.high == 1);
}

static enum verdict judged(enum rule_kind kind, double low, double high, double v)
{
	static const struct figure ns = { .unit = "ns" };
	struct cell cell = { .label = "A", .figure = &ns, .value = of(1, &v) };
	struct rule rule = { .of = &cell, .kind = kind, .low = low, .high = high };
	struct claim c = { .cells = &cell, .nr_cells = 1, .rules = &rule, .nr_rules = 1 };

	return claim__judge(&c).verdict;
}

static void verdicts(void **unused)
{
	assert_int_equal(judged(AT_MOST, 100, 100, 99), VERDICT_HOLDS);
	assert_int_equal(judged(AT_MOST, 100, 100, 200), VERDICT_WITHIN_2X);
	assert_int_equal(judged(AT_MOST, 100, 100, 201), VERDICT_DOES_NOT);
	assert_int_equal(judged(AT_LEAST, 100, 100, 1e9), VERDICT_HOLDS);
	assert_int_equal(judged(AT_LEAST, 100, 100, 49), VERDICT_DOES_NOT);
	assert_int_equal(judged(ABOUT, 100, 100, 140), VERDICT_HOLDS);
	assert_int_equal(judged(ABOUT, 100, 100, 40), VERDICT_WITHIN_2X);
	assert_int_equal(judged(BETWEEN, 10, 20, 20), VERDICT_HOLDS);
	assert_int_equal(judged(BETWEEN, 10, 20, 4), VERDICT_DOES_NOT);
	assert_int_equal(judged(BETWEEN, 10, 20, NAN), VERDICT_UNKNOWN);
}

static enum verdict compared(struct rule rule, double v)
{
	static const struct figure ns = { .unit = "ns" };
	double one = 1;
	struct cell cells[] = { { .label = "A", .figure = &ns, .value = of(1, &v) },
				{ .label = "B", .figure = &ns, .value = of(1, &one) } };
	struct claim c = { .cells = cells, .nr_cells = 2, .rules = &rule, .nr_rules = 1 };

	rule.of = &cells[0];
	rule.over = &cells[1];
	return claim__judge(&c).verdict;
}

/* "Within 2x" of a claim that one is better is not that both are alike, or the other way round. */
static void directions(void **unused)
{
	const struct rule twice = { .kind = AT_LEAST, .low = 2, .high = 2 },
			  half = { .kind = AT_MOST, .low = 0.5, .high = 0.5 },
			  much = { .kind = AT_LEAST, .low = 500, .high = 500 },
			  more = { .kind = AT_LEAST, .low = 1, .high = 1 },
			  gain = { .kind = BETWEEN, .low = 0.86, .high = 0.98 },
			  alike = { .kind = ABOUT, .low = 1, .high = 1 };
	const struct {
		const struct rule *rule;
		double v;
		enum verdict verdict;
	} cases[] = {
		{ &twice, 2, VERDICT_HOLDS },	   { &twice, 1.5, VERDICT_WITHIN_2X },
		{ &twice, 1.1, VERDICT_DOES_NOT }, { &half, 0.6, VERDICT_WITHIN_2X },
		{ &half, 0.99, VERDICT_DOES_NOT }, { &much, 251, VERDICT_WITHIN_2X },
		{ &much, 249, VERDICT_DOES_NOT },  { &more, 0.99, VERDICT_DOES_NOT },
		{ &gain, 0.5, VERDICT_WITHIN_2X }, { &gain, 1, VERDICT_DOES_NOT },
		{ &alike, 0.7, VERDICT_HOLDS },	   { &alike, 1.6, VERDICT_DOES_NOT },
	};
	static const struct figure count = { .unit = "" };
	double one = 1;
	struct cell cell = { .label = "A", .figure = &count, .value = of(1, &one) };
	struct rule rule = { .of = &cell, .kind = AT_LEAST, .low = 2, .high = 2 };
	struct claim c = { .cells = &cell, .nr_cells = 1, .rules = &rule, .nr_rules = 1 };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(compared(*cases[i].rule, cases[i].v), cases[i].verdict);

	assert_int_equal(claim__judge(&c).verdict, VERDICT_WITHIN_2X);
	rule.exact = true;
	assert_int_equal(claim__judge(&c).verdict, VERDICT_DOES_NOT);
	one = 2;
	cell.value = of(1, &one);
	assert_int_equal(claim__judge(&c).verdict, VERDICT_HOLDS);
}

static void worst_and_steady(void **unused)
{
	static const struct figure ns = { .unit = "ns" };
	double a[] = { 90, 95, 130 }, b[] = { 10, 10, 10 };
	struct cell cells[] = { { .label = "A", .figure = &ns, .value = of(3, a) },
				{ .label = "B", .figure = &ns, .value = of(3, b) } };
	struct rule rules[] = { { .of = &cells[0], .kind = AT_MOST, .high = 100 },
				{ .of = &cells[0], .over = &cells[1], .kind = AT_MOST, .high = 7 } };
	struct claim c = { .cells = cells, .nr_cells = 2, .rules = rules, .nr_rules = 1 };
	struct judgement j = claim__judge(&c);

	assert_int_equal(j.verdict, VERDICT_HOLDS);
	assert_false(j.steady);
	/* twice as far off on both sides, but it may hold */
	rules[0] = (struct rule){ .of = &cells[0], .kind = BETWEEN, .low = 100, .high = 110 };
	assert_int_equal(claim__judge(&c).verdict, VERDICT_WITHIN_2X);
	assert_false(claim__judge(&c).steady);
	/* what one rule says now and then is nothing beside what another one always says */
	rules[0] = (struct rule){ .of = &cells[0], .kind = AT_MOST, .high = 100 };
	rules[1] = (struct rule){ .of = &cells[0], .kind = AT_LEAST, .low = 1000 };
	c.nr_rules = 2;
	assert_int_equal(claim__judge(&c).verdict, VERDICT_DOES_NOT);
	assert_true(claim__judge(&c).steady);
	rules[1] = (struct rule){ .of = &cells[0], .over = &cells[1], .kind = AT_MOST, .high = 7 };
	assert_int_equal(claim__judge(&c).verdict, VERDICT_WITHIN_2X);
	strcpy(cells[1].missing, "no compiler");
	j = claim__judge(&c);
	assert_int_equal(j.verdict, VERDICT_UNKNOWN);
	assert_string_equal(j.of, "B");
	assert_string_equal(j.why, "no compiler");
}

static void values(void **unused)
{
	char buf[32];

	assert_string_equal(show__value(1.6, "ns", buf), "1.60 ns");
	assert_string_equal(show__value(1500, "ns", buf), "1.50 us");
	assert_string_equal(show__value(999.9, "ns", buf), "1.00 us");
	assert_string_equal(show__value(2048, "bytes", buf), "2.00 KB");
	assert_string_equal(show__value(3, "", buf), "3");
	assert_string_equal(show__value(0.054, "x", buf), "0.054 x");
	assert_string_equal(show__value(NAN, "ns", buf), "-");
}

static void commands(void **unused)
{
	struct cell plain = { .run = "a-bench x=1" }, env = { .run = "A=1 B=2 a-bench x" };
	char buf[128];

	assert_string_equal(show__command(&plain, buf, sizeof(buf)), "tare run -- a-bench x=1");
	assert_string_equal(show__command(&env, buf, sizeof(buf)), "A=1 B=2 tare run -- a-bench x");
	assert_non_null(strstr(show__interval(3, buf, sizeof(buf)), "75 of 100"));
	assert_non_null(strstr(show__interval(6, buf, sizeof(buf)), "19 of 20"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),     cmocka_unit_test(bad_tables), cmocka_unit_test(paths),
		cmocka_unit_test(estimates), cmocka_unit_test(verdicts),   cmocka_unit_test(worst_and_steady),
		cmocka_unit_test(values),    cmocka_unit_test(commands),   cmocka_unit_test(directions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
