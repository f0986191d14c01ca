// SPDX-License-Identifier: BSD-2-Clause
/* What does not look as the runtime must is not used, and is said by name; a process that lies does no harm. */
#include "golive_target.h"

static char dir[] = "/tmp/tare-golies-XXXXXX";

static bool complains(const struct go_live *live, const char *about)
{
	for (unsigned i = 0; go_live__problem(live, i); i++) {
		if (strstr(go_live__problem(live, i), about))
			return true;
	}
	return false;
}

/* The process, looked at with field @field in a wrong place. */
static struct go_live *open_wrong(struct go_target *t, int field, int add)
{
	struct go_live_input in = { .pid = t->pid, .no_scan = true };
	struct go_live *live;

	assert_int_equal(go_layout__by_version(&in.layout, t->version), 0);
	in.pattern = go_target__patterns(t, in.layout.minor);
	in.layout.at[field] += add;
	assert_int_equal(go_live__open(&live, &in), 0);
	return live;
}

/* An offset that is wrong is noticed, and named. */
static void refused(struct go_target *t)
{
	static const struct {
		enum go_field field;
		int add;
		unsigned lost;
		const char *says;
	} wrong[] = {
		{ P_ID, 16, GO_VALID_PS, "].id is " },
		{ P_STATUS, 52, GO_VALID_PS, "].status is " },
		{ G_M, 8, GO_VALID_MS, "allm: m.g0.m is not m" },
		{ M_PROCID, 8, GO_VALID_MS, "Ms have threads of this process" },
		{ SCHED_MNEXT, 16, GO_VALID_SCHED, "sched: " },
		{ MSTATS_PAUSEEND, 8, GO_VALID_MEMSTATS, "memstats: pause_end is wrong" },
		{ GC_HEAPINUSE, 8, GO_VALID_GC, "gcController: heapInUse" },
		{ MSPAN_ELEMSIZE, 8, GO_VALID_MCACHES, "mcache: span" },
		{ MCACHE_ALLOC, -4000, GO_VALID_MCACHES, "mcache.alloc: not known" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct tare_counters c;
		struct go_live *live;
		bool found = false;

		/* the process lives: what is read in the middle of a change may raise another complaint before this one
		 */
		for (int opened = 0; opened < 20 && !found; opened++) {
			live = open_wrong(t, wrong[i].field, wrong[i].add);
			/* what is left still counts, what is lost does not; spans may be all empty just now */
			for (int tries = 0; tries < 500; tries++) {
				assert_int_equal(go_live__counters(live, &c), 0);
				if (!(live->valid & wrong[i].lost))
					break;
				usleep(1000);
			}
			found = complains(live, wrong[i].says) && !(live->valid & wrong[i].lost);
			if (found)
				assert_int_equal(c.alloc_objects == TARE_UNKNOWN,
						 !!(wrong[i].lost & ~(GO_VALID_MS | GO_VALID_SCHED)));
			else
				print_message("field %d: valid %#x, says %s\n", wrong[i].field, live->valid,
					      go_live__problem(live, 0) ?: "nothing");
			go_live__close(live);
		}
		if (!found)
			fail_msg("field %d: its place is wrong, and nothing says so", wrong[i].field);
	}
}

/* The release before a field was brought back: m.alllink is found where it is. */
static void moved(struct go_target *t)
{
	struct go_live_input in = { .pid = t->pid, .no_scan = true };
	struct go_live *live;

	assert_int_equal(go_layout__by_version(&in.layout, t->version), 0);
	in.pattern = go_target__patterns(t, in.layout.minor);
	in.layout.at[M_ALLLINK] -= 24;
	assert_int_equal(go_live__open(&live, &in), 0);
	assert_true(live->valid & GO_VALID_MS);
	assert_int_equal(live->layout.at[M_ALLLINK], in.layout.at[M_ALLLINK] + 24);
	assert_true(complains(live, "m.alllink: at "));
	go_live__close(live);
}

/* A process that lies: what it says of itself lies in memory that its parent, this test, has at the same address. */
struct liar {
	uint64_t allp[3], allm;
	uint64_t p[4][128], m[3][256], g[64];
	uint64_t sched[2048], memstats[2048], gc[128];
};

static int lie(struct liar *l, unsigned *valid, char says[256])
{
	struct go_live_input in = { .pattern = { .sched = (uintptr_t)l->sched,
						 .allp = (uintptr_t)l->allp,
						 .allm = (uintptr_t)&l->allm,
						 .memstats = (uintptr_t)l->memstats,
						 .gc_controller = (uintptr_t)l->gc } };
	struct tare_counters c;
	struct go_live *live;
	int ret, status;

	assert_int_equal(go_layout__by_version(&in.layout, "go1.26.1"), 0);
	in.pid = fork();
	assert_true(in.pid >= 0);
	if (!in.pid) {
		for (;;)
			pause();
	}
	says[0] = '\0';
	*valid = 0;
	ret = go_live__open(&live, &in);
	if (!ret) {
		*valid = live->valid;
		snprintf(says, 256, "%s", go_live__problem(live, 0) ?: "");
		go_live__counters(live, &c);
		go_live__close(live);
	}
	kill(in.pid, SIGKILL);
	waitpid(in.pid, &status, 0);
	return ret;
}

static void hostile(void **state)
{
	static struct liar l;
	uint64_t began = now_ns(), *fill = (uint64_t *)&l;
	char says[256];
	unsigned valid;

	/* nothing but zeros */
	assert_int_equal(lie(&l, &valid, says), -ENOENT);
	/* a list longer than memory; then one of garbage; then one that leads nowhere */
	memcpy(l.allp, (uint64_t[]){ (uintptr_t)l.p, 1ull << 60, 1ull << 60 }, sizeof(l.allp));
	lie(&l, &valid, says);
	assert_false(valid & GO_VALID_PS);
	memcpy(l.allp, (uint64_t[]){ (uintptr_t)l.p, 16384, 16384 }, sizeof(l.allp));
	lie(&l, &valid, says);
	assert_false(valid & GO_VALID_PS);
	memcpy(l.allp, (uint64_t[]){ ~7ull, 4, 4 }, sizeof(l.allp));
	lie(&l, &valid, says);
	assert_false(valid & GO_VALID_PS);
	/* a chain that goes round */
	l.allm = (uintptr_t)l.m[0];
	for (int i = 0; i < 3; i++)
		l.m[i][352 / 8] = (uintptr_t)l.m[(i + 1) % 3];
	l.g[48 / 8] = (uintptr_t)l.m[0];
	lie(&l, &valid, says);
	assert_false(valid & GO_VALID_MS);
	/* anything at all */
	for (unsigned seed = 1; seed < 40; seed++) {
		srandom(seed);
		for (size_t i = 0; i < sizeof(l) / 8; i++) {
			uint64_t r = random();

			fill[i] = r % 4 == 0 ? 0 :
				  r % 4 == 1 ? r % 1000 :
				  r % 4 == 2 ? ~r << 31 :
					       (uintptr_t)&l + r % sizeof(l) / 8 * 8;
		}
		lie(&l, &valid, says);
		assert_false(valid & GO_VALID_PS);
		assert_false(valid & GO_VALID_MS);
	}
	assert_true(now_ns() - began < 60 * NSEC_PER_SEC);
}

static void wrong_offsets(void **state)
{
	struct go_variant v = { .toolchain = "local", .name = "plain", .flags = "" };
	struct go_target t;
	char path[128];

	go_target__build(dir, &v, path);
	go_target__start(&t, path);
	go_target__do(&t, "gc", 2);
	moved(&t);
	/* where it works at full speed, too */
	go_target__do(&t, "churn", 4);
	refused(&t);
	moved(&t);
	go_target__stop(&t);
	unlink(path);
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
		cmocka_unit_test(wrong_offsets),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
