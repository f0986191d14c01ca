// SPDX-License-Identifier: BSD-2-Clause
/* What sampled allocations stand for. */
#include "alloc_plan.h"
#include "model_events.h"

static void allocated(uint32_t burst, uint16_t cpu, uint64_t bytes, uint64_t stands_for)
{
	fold(&(struct event){
		.kind = EVENT_ALLOC_SAMPLE,
		.cpu = cpu,
		.ts_ns = 2000,
		.alloc_sample = { .tid = 100,
				  .tgid = 100,
				  .burst = burst,
				  .bytes = bytes,
				  .stands_for_q16 = stands_for << 16 },
	});
}

static void burst(uint32_t number, uint32_t cpu, uint64_t covered_ns, uint64_t exposed_ns)
{
	fold(&(struct event){
		.kind = EVENT_ALLOC_BURST,
		.alloc_burst = { .number = number, .cpu = cpu, .covered_ns = covered_ns, .exposed_ns = exposed_ns },
	});
}

static const struct alloc_amount *sum(void)
{
	return &m->profile.rows[0].allocs;
}

/* Whether the burst is told before or after. */
static void by_burst(void **state)
{
	allocated(1, 0, 100, 2);
	burst(1, 0, 1000, 10);
	assert_true(sum()->objects == 200 && sum()->bytes == 20000);
	allocated(1, 0, 100, 1);
	assert_true(sum()->objects == 300 && sum()->bytes == 30000);
	/* another CPU's, and another one */
	allocated(1, 1, 100, 1);
	allocated(2, 0, 100, 1);
	assert_true(sum()->objects == 300);
	assert_int_equal(m->allocs.nr, 2);
	burst(2, 0, 10, 10);
	burst(1, 1, 20, 10);
	assert_true(sum()->objects == 303);
	assert_int_equal(m->allocs.nr, 0);
	assert_int_equal(sum()->samples, 4);
}

static void needs_none(void **state)
{
	allocated(TARE_ALLOC_ALL, 3, 7, 1);
	assert_true(sum()->objects == 1 && sum()->bytes == 7);
	assert_true(m->allocs.all);
}

/* Of what was told by chance, the whole is known: it counts. */
static void whole_is_known(void **state)
{
	allocated(1, 0, 10, 30);
	fold(&(struct event){ .kind = EVENT_ALLOC_BURST,
			      .alloc_burst = { .number = 1,
					       .covered_ns = 10000000,
					       .exposed_ns = 100000,
					       .allocations = 45,
					       .bytes = 600,
					       .told_allocations = 30,
					       .told_bytes = 300 } });
	assert_true(sum()->objects == 4500 && sum()->bytes == 60000);
	assert_false(m->allocs.too_fast);
}

/* One that says nothing sensible, and more than can wait. */
static void odd(void **state)
{
	burst(1, 0, 1000, 0);
	burst(2, 0, 0, 0);
	assert_int_equal(m->allocs.bursts, 0);
	for (unsigned i = 0; i < ALLOCS_WAITING_MAX + 5; i++)
		allocated(1, 0, 1, 1);
	assert_int_equal(m->allocs.nr, ALLOCS_WAITING_MAX);
	assert_int_equal(m->allocs.dropped, 5);
}

#define SECOND_NS 1000000000ull
#define ONE	  (1ull << 32)

/* @rate a second of @bytes each: what the plan comes to, in parts of a CPU's time. */
static double cost_of(double rate, uint64_t bytes, struct alloc_plan *plan)
{
	const double each_ns = 1200;
	double spent = 0, time = 0;

	*plan = alloc_plan__first();
	for (int i = 0; i < 50; i++) {
		double natural = plan->wall_ns, hits;
		struct alloc_sum was;

		hits = natural / (SECOND_NS / rate + each_ns);
		if (hits > plan->max_hits)
			hits = plan->max_hits;
		was = (struct alloc_sum){
			.hits = hits, .bytes = hits * bytes, .most_hits = hits, .spent_ns = hits * each_ns
		};
		was.wall_ns = hits ? hits * (SECOND_NS / rate + each_ns) : plan->wall_ns;
		spent += was.spent_ns;
		time += was.wall_ns + plan->wait_ns;
		*plan = alloc_plan__next(plan, &was);
	}
	return spent / time;
}

static void keeps_to_its_budget(void **state)
{
	static const double rates[] = { 0, 1, 100, 1e3, 5e3, 1e4, 1e5, 1e6, 1e7, 1e8 };
	struct alloc_plan plan;

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		assert_true(cost_of(rates[i], 64, &plan) < 0.02);
		assert_true(plan.max_hits && plan.wall_ns && plan.least && plan.least <= ONE && plan.per_byte < ONE);
		if (rates[i] <= 5e3)
			assert_true(plan.stays && !plan.wait_ns);
		if (rates[i] <= 1e3) /* rare: all are told */
			assert_true(plan.least == ONE);
		if (rates[i] >= 1e5)
			assert_true(!plan.stays && plan.wait_ns);
	}
}

static void tells_large_ones(void **state)
{
	struct alloc_plan plan;

	cost_of(1e6, 1 << 20, &plan);
	assert_true(plan.least + plan.per_byte * (1ull << 20) < ONE);
	assert_true(plan.least + plan.per_byte * (1ull << 30) >= ONE);
	cost_of(1e6, 0, &plan);
	assert_true(plan.per_byte < ONE);
}

/* However long the probes took, there was some time left. */
static void exposed(void **state)
{
	assert_int_equal(alloc_exposed_ns(1000000, 100, 200000), 800000);
	assert_int_equal(alloc_exposed_ns(1000000, 100, 2000000), 100 * TARE_ALLOC_LEAST_NS);
	assert_int_equal(alloc_exposed_ns(0, 0, 0), 1);
}

/* A burst that was disturbed does not weigh more; a phase in which less is allocated does. */
static void smooth(void **state)
{
	struct alloc_paces p = { 0 };

	assert_int_equal(alloc_paces__exposed_ns(&p, 400000, 4000), 400000);
	for (int i = 0; i < 3; i++)
		alloc_paces__exposed_ns(&p, 400000, 4000);
	assert_int_equal(alloc_paces__exposed_ns(&p, 2000000, 4000), 400000);
	assert_int_equal(alloc_paces__exposed_ns(&p, 90000000, 4000), 90000000);
	for (int i = 0; i < 3; i++)
		alloc_paces__exposed_ns(&p, 90000000, 4000);
	assert_int_equal(alloc_paces__exposed_ns(&p, 91000000, 4000), 90000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_burst, setup, teardown),
		cmocka_unit_test_setup_teardown(needs_none, setup, teardown),
		cmocka_unit_test_setup_teardown(whole_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(odd, setup, teardown),
		cmocka_unit_test(keeps_to_its_budget),
		cmocka_unit_test(tells_large_ones),
		cmocka_unit_test(exposed),
		cmocka_unit_test(smooth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
