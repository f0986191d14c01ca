// SPDX-License-Identifier: BSD-2-Clause
/* The map that a compiler at run time writes: as it grows, as it lies, and whose it may be. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "open_in.h"
#include "perf_map.h"
#include "util.h"

static struct perf_map map_of(const char *text)
{
	struct perf_map m = PERF_MAP_NONE;

	m.fd = memfd_create("map", MFD_CLOEXEC);
	m.next_ns = UINT64_MAX;
	assert_int_equal(write(m.fd, text, strlen(text)), strlen(text));
	assert_int_equal(perf_map__read(&m), 0);
	return m;
}

static void is(struct perf_map *m, uint64_t address, const char *want)
{
	const char *name = perf_map__at(m, getpid(), address, NULL);

	if (!name != !want || (want && strcmp(name, want)))
		fail_msg("at 0x%llx: %s", (unsigned long long)address, name ? name : "(none)");
}

static void add(struct perf_map *m, const char *text)
{
	assert_int_equal(write(m->fd, text, strlen(text)), strlen(text));
	assert_int_equal(perf_map__read(m), 0);
}

static void as_it_grows(void **unused)
{
	struct perf_map m = map_of("1000 10 f a.js:1:2\n0x2000 0x10 hex\n10");

	is(&m, 0xfff, NULL);
	is(&m, 0x1000, "f a.js:1:2");
	is(&m, 0x100f, "f a.js:1:2");
	is(&m, 0x1010, NULL);
	is(&m, 0x2001, "hex");
	add(&m, "08 10 g");
	is(&m, 0x1008, "f a.js:1:2");
	add(&m, "\n");
	/* new code over old */
	is(&m, 0x1007, "f a.js:1:2");
	is(&m, 0x1008, "g");
	is(&m, 0x1017, "g");
	add(&m, "1000 4 h\n");
	is(&m, 0x1003, "h");
	is(&m, 0x1004, "f a.js:1:2");
	perf_map__free(&m);
}

static void lies(void **unused)
{
	char *text = malloc(3 << 20), *p = text;
	struct perf_map m = map_of("\n\n1000\n1000 \n1000 10\n1000 10 \n1000 0 none\nffffffffffffffff 2 wraps\n"
				   "zz 10 name\n-1 10 minus\n3000 ffffffffffffffff huge\n4000 10 good\n");

	is(&m, 0x1000, NULL);
	is(&m, 0x3000, NULL);
	is(&m, UINT64_MAX, NULL);
	is(&m, 0x4000, "good");
	perf_map__free(&m);
	/* lines without an end */
	p += sprintf(p, "1000 10 ");
	memset(p, 'x', 1 << 20);
	p += 1 << 20;
	p += sprintf(p, "\n5000 10 after\n6000 10 ");
	memset(p, 'y', 1 << 20);
	p[1 << 20] = '\0';
	m = map_of(text);
	is(&m, 0x5000, "after");
	is(&m, 0x6000, NULL);
	add(&m, "\n7000 10 end\n");
	is(&m, 0x7000, "end");
	perf_map__free(&m);
	free(text);
}

/* What stands at the place of this very process's map. */
static void whose(void **unused)
{
	struct perf_map m = PERF_MAP_NONE;
	char path[64], other[] = "/tmp/test_perf_map.XXXXXX";
	int fd;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	unlink(path);
	is(&m, 0x1000, NULL);
	m.next_ns = 0;
	assert_int_equal(mkfifo(path, 0600), 0);
	is(&m, 0x1000, NULL);
	m.next_ns = 0;
	unlink(path);
	fd = mkstemp(other);
	assert_int_equal(write(fd, "1000 10 f\n", 10), 10);
	assert_int_equal(symlink(other, path), 0);
	is(&m, 0x1000, NULL);
	m.next_ns = 0;
	unlink(path);
	assert_int_equal(rename(other, path), 0);
	if (!getuid()) {
		assert_int_equal(fchown(fd, 12345, 12345), 0);
		is(&m, 0x1000, NULL);
		m.next_ns = 0;
		assert_int_equal(fchown(fd, 0, 0), 0);
	}
	is(&m, 0x1000, "f");
	assert_int_equal(write(fd, "1000 10 g\n", 10), 10);
	m.next_ns = UINT64_MAX;
	is(&m, 0x1000, "f"); /* not again yet */
	m.next_ns = 0;
	is(&m, 0x1000, "g");
	perf_map__free(&m);
	close(fd);
	unlink(path);
}

static void in_a_root(void **unused)
{
	int fd = open_in_root_of(getpid(), "/proc/self/exe", true);

	/* that link leads out of any root */
	assert_int_equal(fd, -ELOOP);
	assert_int_equal(open_in_root_of(getpid(), "/dev/null", true), -EINVAL);
	assert_int_equal(open_regular("/dev/null"), -EINVAL);
	assert_int_equal(open_regular("/"), -EINVAL);
	fd = open_in_root_of(getpid(), "../../etc/passwd", false);
	assert_true(fd >= 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_it_grows),
		cmocka_unit_test(lies),
		cmocka_unit_test(whose),
		cmocka_unit_test(in_a_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
