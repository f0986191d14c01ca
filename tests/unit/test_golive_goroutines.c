// SPDX-License-Identifier: BSD-2-Clause
/* A list of goroutines in this process's own memory, right and wrong in every way: what is told of it. */
#include <sys/mman.h>

#include "golive_goroutines.h"
#include "golive_impl.h"
#include "records.h"

enum { RUNNABLE = 1, RUNNING, SYSCALL, WAITING, DEAD = 6, SCAN = 0x1000, GS = 1000, STACK_WORDS = 256 };

/* What a Go process would have, and what was told of it. */
struct world {
	struct go_live live;
	uint64_t slice[3], *list;
	char (*gs)[G_HEAD];
	uint64_t (*stacks)[STACK_WORDS];
	struct {
		struct go_g g;
		uint64_t first, nr;
	} told[GS];
	size_t nr_told, dead;
};

static void set(struct world *w, size_t g, enum go_field field, uint64_t value, size_t bytes)
{
	memcpy(w->gs[g] + w->live.layout.at[field], &value, bytes);
}

static uint64_t word_at(struct world *w, size_t g, size_t word)
{
	return (uintptr_t)&w->stacks[g][word];
}

/* All wait for a channel, with four words on their stacks. */
static struct world *world_new(const char *version)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	assert_int_equal(go_layout__by_version(&w->live.layout, version), 0);
	w->live.pid = getpid();
	w->live.priv = calloc(1, sizeof(*w->live.priv));
	w->live.at.allgs = (uintptr_t)w->slice;
	w->list = calloc(GS, sizeof(*w->list));
	w->gs = calloc(GS, sizeof(*w->gs));
	w->stacks = calloc(GS, sizeof(*w->stacks));
	assert_true(w->live.priv && w->list && w->gs && w->stacks);
	w->slice[0] = (uintptr_t)w->list;
	w->slice[1] = w->slice[2] = GS;
	for (size_t i = 0; i < GS; i++) {
		w->list[i] = (uintptr_t)w->gs[i];
		set(w, i, G_ATOMICSTATUS, WAITING, 4);
		set(w, i, G_GOID, i + 1, 8);
		set(w, i, G_STACKLO, word_at(w, i, 0), 8);
		set(w, i, G_STACKHI, word_at(w, i, STACK_WORDS), 8);
		set(w, i, G_SP, word_at(w, i, STACK_WORDS - 4), 8);
		set(w, i, G_PC, 0x1000 + i, 8);
		set(w, i, G_WAITREASON, 14, 1);
		w->stacks[i][STACK_WORDS - 4] = 0x77000 + i;
	}
	return w;
}

static void world_free(struct world *w)
{
	free(w->live.priv);
	free(w->list);
	free(w->gs);
	free(w->stacks);
	free(w);
}

static int tell(const struct go_g *g, const uint64_t *words, size_t nr_words, void *ctx)
{
	struct world *w = ctx;

	assert_true(w->nr_told < GS);
	w->told[w->nr_told].g = *g;
	w->told[w->nr_told].nr = nr_words;
	w->told[w->nr_told++].first = nr_words ? words[0] : 0;
	return 0;
}

static int look(struct world *w)
{
	w->nr_told = w->dead = 0;
	return go_live__goroutines(&w->live, tell, w, &w->dead);
}

/* The only one with @id that was told. */
static const struct go_g *told(const struct world *w, uint64_t id, uint64_t *first, uint64_t *nr)
{
	const struct go_g *found = NULL;

	for (size_t i = 0; i < w->nr_told; i++) {
		if (w->told[i].g.id != id)
			continue;
		assert_null(found);
		found = &w->told[i].g;
		*first = w->told[i].first;
		*nr = w->told[i].nr;
	}
	return found;
}

static void each_is_told_once(void **state)
{
	static const char *const versions[] = { "go1.19.13", "go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12",
						"go1.24.13", "go1.25.12", "go1.26.8",  "go1.27.4" };

	for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
		struct world *w = world_new(versions[v]);
		uint64_t first, nr;

		assert_int_equal(look(w), 0);
		assert_int_equal(w->nr_told, GS);
		assert_int_equal(w->dead, 0);
		for (size_t i = 0; i < GS; i++) {
			const struct go_g *g = told(w, i + 1, &first, &nr);

			assert_non_null(g);
			assert_true(g->parked && !g->torn);
			assert_int_equal(g->status, WAITING);
			assert_int_equal(g->reason, 14);
			assert_int_equal(g->pc, 0x1000 + i);
			assert_int_equal(first, 0x77000 + i);
			assert_int_equal(nr, 4);
		}
		world_free(w);
	}
}

static void states_differ(void **state)
{
	struct world *w = world_new("go1.26.8");
	const struct go_g *g;
	uint64_t first, nr;

	set(w, 0, G_ATOMICSTATUS, DEAD, 4);
	set(w, 1, G_ATOMICSTATUS, RUNNING, 4);
	set(w, 2, G_ATOMICSTATUS, SYSCALL, 4);
	set(w, 2, G_SYSCALLSP, word_at(w, 2, STACK_WORDS - 2), 8);
	set(w, 2, G_SYSCALLPC, 0x9999, 8);
	w->stacks[2][STACK_WORDS - 2] = 0x42;
	set(w, 3, G_ATOMICSTATUS, WAITING | SCAN, 4);
	set(w, 4, G_ATOMICSTATUS, RUNNABLE, 4);
	set(w, 5, G_PARENTGOID, 3, 8);
	assert_int_equal(look(w), 0);
	assert_int_equal(w->dead, 1);
	assert_int_equal(w->nr_told, GS - 1);
	assert_null(told(w, 1, &first, &nr));
	g = told(w, 2, &first, &nr);
	assert_true(g && !g->parked && !g->torn && !nr);
	g = told(w, 3, &first, &nr);
	assert_true(g && g->parked && !g->torn && g->pc == 0x9999 && nr == 2 && first == 0x42);
	g = told(w, 4, &first, &nr);
	assert_true(g && g->status == WAITING && g->parked && nr == 4);
	g = told(w, 5, &first, &nr);
	assert_true(g && g->status == RUNNABLE && g->parked && nr == 4);
	g = told(w, 6, &first, &nr);
	assert_true(g && g->parent == 3);
	world_free(w);
}

/* What does not fit together at any look is never told as truth, and no other goroutine suffers. */
static void torn(void **state)
{
	struct world *w = world_new("go1.26.8");
	const struct go_g *g;
	uint64_t first, nr, seen = 0;

	set(w, 7, G_SP, word_at(w, 7, STACK_WORDS), 8);	    /* above its stack */
	set(w, 8, G_SP, word_at(w, 8, 0) - 8, 8);	    /* below it */
	set(w, 9, G_SP, word_at(w, 9, STACK_WORDS) - 4, 8); /* not at a word */
	set(w, 10, G_GOID, 0, 8);			    /* being made */
	set(w, 11, G_ATOMICSTATUS, SYSCALL, 4);		    /* not there yet */
	set(w, 12, G_ATOMICSTATUS, 8, 4);		    /* its stack is moved */
	set(w, 13, G_STACKLO, 8, 8);
	set(w, 13, G_STACKHI, 8 * STACK_WORDS, 8); /* not mapped */
	set(w, 13, G_SP, 16, 8);
	assert_int_equal(look(w), 0);
	assert_int_equal(w->nr_told, GS);
	for (size_t i = 0; i < GS; i++)
		seen += w->told[i].g.torn;
	assert_int_equal(seen, 7);
	for (size_t i = 7; i < 14; i++) {
		g = told(w, i == 10 ? 0 : i + 1, &first, &nr);
		assert_true(g && g->torn && !nr);
	}
	world_free(w);
}

/* A stack is read up to a limit, however deep it is said to be. */
static void deep(void **state)
{
	struct world *w = world_new("go1.26.8");
	size_t bytes = 1 << 20;
	uint64_t *stack = calloc(1, bytes), first, nr;

	assert_non_null(stack);
	for (size_t i = 0; i < GS; i++) {
		set(w, i, G_STACKLO, (uintptr_t)stack, 8);
		set(w, i, G_STACKHI, (uintptr_t)stack + bytes, 8);
		set(w, i, G_SP, (uintptr_t)stack, 8);
	}
	stack[0] = 0x1234;
	assert_int_equal(look(w), 0);
	assert_true(told(w, 500, &first, &nr) && nr == (64 << 10) / 8 && first == 0x1234);
	free(stack);
	world_free(w);
}

static void refused(struct world *w, const char *says)
{
	uint64_t begin = thread_cpu_ns();
	const char *problem;

	assert_int_equal(look(w), -EINVAL);
	problem = go_live__problem(&w->live, 0);
	if (!problem || !strstr(problem, says))
		fail_msg("says '%s', should say '%s'", problem ?: "nothing", says);
	assert_true(thread_cpu_ns() - begin < NSEC_PER_SEC);
	world_free(w);
}

static void what_is_no_list(void **state)
{
	struct world *w = world_new("go1.26.8");
	size_t bytes = (size_t)8 << 24;
	uint64_t *same;

	w->live.at.allgs = 0;
	assert_int_equal(look(w), -ENOENT);
	w->live.at.allgs = 8;
	refused(w, "allgs: not mapped");

	w = world_new("go1.26.8");
	w->slice[0] = 0;
	refused(w, "no list of goroutines");
	w = world_new("go1.26.8");
	w->slice[0]++;
	refused(w, "no list of goroutines");
	w = world_new("go1.26.8");
	w->slice[1] = w->slice[2] + 1;
	refused(w, "no list of goroutines");
	w = world_new("go1.26.8");
	w->slice[1] = w->slice[2] = 1ull << 60;
	refused(w, "more than any process has");
	w = world_new("go1.26.8");
	w->slice[1] = w->slice[2] = 1 << 24; /* runs out of what is mapped */
	w->slice[0] = 0x7ffffff00000;
	refused(w, "the list is not mapped");

	/* as long as may be, and always the same one */
	same = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(same != MAP_FAILED);
	w = world_new("go1.26.8");
	for (size_t i = 0; i < bytes / 8; i += 1)
		same[i] = w->list[i < 600 ? i : 599];
	w->slice[0] = (uintptr_t)same;
	w->slice[1] = w->slice[2] = bytes / 8;
	refused(w, "a goroutine is in it twice");
	munmap(same, bytes);
}

static void what_is_no_goroutine(void **state)
{
	static const struct {
		uint64_t at;
		const char *says;
	} wrong[] = {
		{ 0, "no goroutine can be there" },
		{ 0x1001, "no goroutine can be there" },
		{ 0x1000, "is no goroutine: its status is 0" }, /* not mapped */
	};
	struct world *w;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		w = world_new("go1.26.8");
		w->list[900] = wrong[i].at;
		refused(w, wrong[i].says);
	}
	w = world_new("go1.26.8");
	set(w, 3, G_ATOMICSTATUS, 77, 4);
	refused(w, "its status is 77");
	w = world_new("go1.26.8");
	w->live.layout.at[G_TRACKINGSEQ] = -1;
	refused(w, "g.trackingSeq: not known");
	w = world_new("go1.26.8");
	w->live.layout.at[G_PARENTGOID] = G_HEAD;
	assert_int_equal(look(w), -EINVAL);
	world_free(w);
}

static int stop_at_3(const struct go_g *g, const uint64_t *words, size_t nr_words, void *ctx)
{
	return g->id == 3 ? -ENOMEM : 0;
}

static void the_visitor_may_stop(void **state)
{
	struct world *w = world_new("go1.26.8");

	assert_int_equal(go_live__goroutines(&w->live, stop_at_3, w, &w->dead), -ENOMEM);
	world_free(w);
}

/* A wait is sure from the collection on that follows the one whose end was noted. */
static void since_when(void **state)
{
	struct go_collections c = { .end_ns = { 1000000000, 2000000000, 3000000000 }, .nr = 3 };

	assert_int_equal(go_collections__seen(&c, 0), 0);
	assert_int_equal(go_collections__seen(&c, 999900000), 2000000000);
	assert_int_equal(go_collections__seen(&c, 1000000000), 2000000000);
	assert_int_equal(go_collections__seen(&c, 1999000000), 3000000000);
	/* the one that saw it has not ended, or is unknown */
	assert_int_equal(go_collections__seen(&c, 2999999999), 0);
	assert_int_equal(go_collections__seen(&c, 4000000000), 0);
	/* it was before all that are known */
	assert_int_equal(go_collections__seen(&c, 5), 2000000000);
	c.nr = 0;
	assert_int_equal(go_collections__seen(&c, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_told_once),
		cmocka_unit_test(states_differ),
		cmocka_unit_test(torn),
		cmocka_unit_test(deep),
		cmocka_unit_test(what_is_no_list),
		cmocka_unit_test(what_is_no_goroutine),
		cmocka_unit_test(the_visitor_may_stop),
		cmocka_unit_test(since_when),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
