// SPDX-License-Identifier: BSD-2-Clause
/* Offsets by the table and by debug information: what the installed Go builds and, where GO_MATRIX=1, each version. */
#include "golive_target.h"
#include "gonames.h"

static char dir[] = "/tmp/tare-golayout-XXXXXX";

static void same_in_both(const char *toolchain, const char *name, const char *flags)
{
	struct go_variant v = { .toolchain = toolchain, .name = name, .flags = flags };
	struct go_layout table, dwarf = { 0 };
	struct gobuild build;
	const char *why = NULL;
	struct image *img;
	char path[128], field[64];
	int fd;

	go_target__build(dir, &v, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(image__open(fd, &img, &why), 0);
	assert_int_equal(gobuild__read(img, &build), 0);
	assert_int_equal(go_layout__by_version(&table, build.version), 0);
	assert_int_equal(table.source, GO_LAYOUT_TABLE);
	assert_false(table.guessed);
	if (go_layout__by_dwarf(&dwarf, fd, 10 * NSEC_PER_SEC, &why))
		fail_msg("%s: %s", path, why);
	for (enum go_field f = 0; f < GO_NR_FIELDS; f++) {
		if (table.at[f] != dwarf.at[f] && f != WORK_CPUSTATS)
			fail_msg("%s: %s is at %d, the table says %d", build.version, go_field__name(f, field),
				 dwarf.at[f], table.at[f]);
	}
	print_message("%s: as in the table\n", build.version);
	gobuild__free(&build);
	image__close(img);
	close(fd);
	unlink(path);
}

static void table_is_right(void **state)
{
	static const char *const experiments[] = { "go1.24.13 nospinbitmutex", "go1.25.9 greenteagc",
						   "go1.26.8 nogreenteagc", "go1.27.4 nogreenteagc" };
	const char *versions = getenv("GO_VERSIONS") ?:
						       "go1.19.13 go1.20.14 go1.21.13 go1.22.12 go1.23.11 go1.23.12 "
						       "go1.24.5 go1.24.13 go1.25.9 go1.26.8 go1.27.4";
	char version[32], experiment[32];

	same_in_both("local", "plain", "");
	same_in_both("local", "pie", "-buildmode=pie");
	if (!getenv("GO_MATRIX"))
		return;
	for (const char *p = versions; sscanf(p, "%31s", version) == 1; p += strlen(version), p += strspn(p, " "))
		same_in_both(version, "plain", "");
	for (size_t i = 0; i < ARRAY_SIZE(experiments); i++) {
		assert_int_equal(sscanf(experiments[i], "%31s %31s", version, experiment), 2);
		assert_int_equal(setenv("GOEXPERIMENT", experiment, 1), 0);
		same_in_both(version, experiment, "");
		unsetenv("GOEXPERIMENT");
	}
}

static void versions(void **state)
{
	static const struct {
		const char *version;
		int ret, minor, alllink, mstats_size;
		bool guessed;
	} cases[] = {
		{ "go1.18.10", -EOPNOTSUPP, 0, 0, 0, false },
		{ "", -EINVAL, 0, 0, 0, false },
		{ "go2.0", -EINVAL, 0, 0, 0, false },
		{ "go1.", -EINVAL, 0, 0, 0, false },
		{ "go1.99999999999999999999", -EINVAL, 0, 0, 0, false },
		{ "go1.19", 0, 19, 336, 13512, false },
		{ "go1.23.11", 0, 23, 328, 7744, false },
		{ "go1.23.12", 0, 23, 352, 7744, false },
		{ "go1.24.5", 0, 24, 328, 7744, false },
		{ "go1.24.6 X:nospinbitmutex", 0, 24, 352, 7744, false },
		{ "go1.25.1 X:greenteagc", 0, 25, 344, 10440, false },
		{ "go1.25.1 X:xgreenteagc,greenteagcx", 0, 25, 344, 8264, false },
		{ "go1.26.10-X:nogreenteagc", 0, 26, 352, 8264, false },
		{ "go1.26.10-X:a,nogreenteagc", 0, 26, 352, 8264, false },
		{ "go1.27rc1", 0, 27, 352, 10440, false },
		{ "go1.28.1", 0, 28, 352, 10440, true },
		{ "devel go1.28-3f2a1b Mon Aug 31 2026 X:nogreenteagc", 0, 28, 352, 8264, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct go_layout l = { 0 };

		if (go_layout__by_version(&l, cases[i].version) != cases[i].ret)
			fail_msg("%s: not %d", cases[i].version, cases[i].ret);
		if (cases[i].ret)
			continue;
		assert_int_equal(l.minor, cases[i].minor);
		assert_int_equal(l.at[M_ALLLINK], cases[i].alllink);
		assert_int_equal(l.at[MSTATS_SIZE], cases[i].mstats_size);
		assert_int_equal(l.guessed, cases[i].guessed);
	}
}

/* No time, no file, no debug information: the table has it, and it is said why. */
static void without_dwarf(void **state)
{
	struct go_variant v = { .toolchain = "local", .name = "stripped", .flags = "-ldflags=-w" };
	struct go_layout l = { 0 };
	const char *why = NULL;
	char path[128];
	int fd, null;

	go_target__build(dir, &v, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && null >= 0);
	assert_int_equal(go_layout__by_dwarf(&l, fd, NSEC_PER_SEC, &why), -ENOENT);
	assert_string_equal(why, "no debug information");
	assert_int_equal(go_layout__by_dwarf(&l, null, NSEC_PER_SEC, &why), -ENOENT);
	assert_int_equal(go_layout__find(&l, fd, "go1.26.1"), 0);
	assert_int_equal(l.source, GO_LAYOUT_TABLE);
	assert_string_equal(l.no_dwarf, "no debug information");
	assert_int_equal(go_layout__find(&l, -1, "go1.18"), -EOPNOTSUPP);
	close(null);
	close(fd);
	unlink(path);
	v.flags = "";
	go_target__build(dir, &v, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(go_layout__by_dwarf(&l, fd, 0, &why), -ENOENT);
	assert_string_equal(why, "reading debug information takes too long");
	/* a version that the table has not */
	assert_int_equal(go_layout__find(&l, fd, "go1.18.3"), 0);
	assert_int_equal(l.source, GO_LAYOUT_DWARF);
	close(fd);
	unlink(path);
}

static void names(void **state)
{
	char buf[64];

	assert_string_equal(go_field__name(MSTATS_GEN, buf), "mstats.heapStats.gen");
	assert_string_equal(go_field__name(GC_HEAPGOAL, buf), "gcControllerState.gcPercentHeapGoal");
	assert_string_equal(go_field__name(SCHED_SIZE, buf), "schedt.size");
	assert_string_equal(go_wait_reason(19, 18), "semacquire");
	assert_string_equal(go_wait_reason(21, 31), "stopping the world");
	assert_null(go_wait_reason(21, 32));
	assert_string_equal(go_wait_reason(25, 9), "select");
	assert_string_equal(go_wait_reason(26, 46), "cleanup wait");
	assert_string_equal(go_wait_reason(40, 46), "cleanup wait");
	assert_null(go_wait_reason(18, 1));
	assert_string_equal(go_stop_reason(2), "GC sweep termination");
	assert_null(go_stop_reason(17));
	assert_int_equal(go_stop_reason_of(""), 2);
	assert_int_equal(go_stop_reason_of("gcing"), 1);
	assert_int_equal(go_stop_reason_of("?"), 0);
	assert_string_equal(go_status(0x1004), "waiting");
	assert_null(go_status(77));
	assert_string_equal(go_gc_phase(1), "mark");
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
		cmocka_unit_test(table_is_right),
		cmocka_unit_test(versions),
		cmocka_unit_test(without_dwarf),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
