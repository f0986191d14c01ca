// SPDX-License-Identifier: BSD-2-Clause
/* Names of addresses in this very process, its libraries, its vdso, code made at run time, and the kernel. */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <sys/auxv.h>

#include "images.h"
#include "symbolizer.h"

static struct symbolizer s;
static struct symbol_frame frames[SYMBOL_DEEP];

static int at(const void *address)
{
	struct symbol_wanted wanted = { .pid = getpid(),
					.here = getpid(),
					.ip = (uintptr_t)address,
					.program = 1,
					.runs = true,
					.ts_ns = now_ns() };
	uint64_t known_ns;
	int nr;

	/* it does not look all the time */
	while ((nr = symbolizer__at(&s, &wanted, frames, &known_ns)) == -EAGAIN)
		usleep(1000);
	return nr;
}

static int begin(void **unused)
{
	symbolizer__init(&s, &(struct debug_places){ 0 });
	return 0;
}

static int end(void **unused)
{
	symbolizer__free(&s);
	return 0;
}

static void the_program(void **unused)
{
	int nr = at((char *)the_program + 1);

	assert_true(nr >= 1);
	assert_string_equal(frames[nr - 1].name, "the_program");
	assert_non_null(strstr(frames[nr - 1].file, "test_symbolizer.c"));
	assert_true(frames[nr - 1].line > 30 && frames[nr - 1].line < 50);
	assert_int_equal(frames[nr - 1].owner, TARE_OWNER_PROGRAM);
}

static void a_library(void **unused)
{
	const char *puts_at = dlsym(RTLD_NEXT, "getppid");
	int nr = at(puts_at);

	assert_true(nr >= 1);
	assert_string_equal(frames[nr - 1].name, "getppid");
	assert_int_equal(frames[nr - 1].owner, TARE_OWNER_LIBRARY);
	assert_int_equal(at(NULL), -ENOENT);
	assert_int_equal(at(&s), -ENOENT);
}

static void the_vdso(void **unused)
{
	const char *vdso = (char *)getauxval(AT_SYSINFO_EHDR);
	int named = 0;

	if (!vdso)
		skip();
	for (int i = 0; i < 4096; i++)
		named += at(vdso + i) == 1;
	assert_true(named > 0);
}

static void made_at_run_time(void **unused)
{
	char path[64], *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "%llx 10 LazyCompile:*work /a.js:1:2\n", (unsigned long long)(uintptr_t)code);
	fprintf(f, "%llx 1000 a_lie\n", (unsigned long long)(uintptr_t)made_at_run_time);
	fclose(f);
	assert_int_equal(at(code + 1), 1);
	assert_string_equal(frames[0].name, "LazyCompile:*work /a.js:1:2");
	assert_int_equal(at(code + 16), -ENOENT);
	/* it has no say in what a file is */
	assert_true(at((char *)made_at_run_time + 1) >= 1);
	assert_string_not_equal(frames[0].name, "a_lie");
	unlink(path);
	munmap(code, 4096);
}

/* Each file with code is told of once, also one that is loaded later; and the vDSO, which is none. */
static int told, told_late, told_vdso;

static void on_module(uint32_t pid, const struct code_mapping *m, int fd, void *ctx)
{
	assert_int_equal(pid, getpid());
	if (m->kind == CODE_VDSO) {
		assert_int_equal(fd, -1);
		told_vdso++;
		return;
	}
	assert_true(fd >= 0);
	told++;
	told_late += !!strstr(m->path, "libutil");
}

static void modules(void **unused)
{
	void *lib, *again;

	s.on_module = on_module;
	assert_true(at((char *)modules + 1) >= 1);
	assert_true(told > 1);
	assert_int_equal(told_late, 0);
	lib = dlopen("libutil.so.1", RTLD_NOW);
	if (!lib)
		skip();
	again = ((struct link_map *)lib)->l_ld;
	told = 0;
	at(again);
	assert_int_equal(told_late, 1);
	assert_int_equal(told, 1);
	assert_int_equal(told_vdso, 1);
	dlclose(lib);
}

/* What was a process before its exec, and what it is then, are two. */
static void another_program(void **unused)
{
	struct symbol_wanted wanted = { .pid = getpid(),
					.here = getpid(),
					.ip = (uintptr_t)another_program,
					.program = 5,
					.runs = true,
					.ts_ns = now_ns() };
	uint64_t known_ns = 0;

	assert_true(symbolizer__at(&s, &wanted, frames, &known_ns) >= 1);
	assert_true(known_ns > 0);
	wanted.program = 4;
	assert_int_equal(symbolizer__at(&s, &wanted, frames, &known_ns), -ENOENT);
	wanted.program = 6;
	wanted.runs = false;
	assert_int_equal(symbolizer__at(&s, &wanted, frames, &known_ns), -ENOENT);
	/* what was known of it is */
	wanted.program = 5;
	assert_true(symbolizer__at(&s, &wanted, frames, &known_ns) >= 1);
	wanted.program = 6;
	wanted.runs = true;
	assert_true(symbolizer__at(&s, &wanted, frames, &known_ns) >= 1);
	wanted.program = 7;
	wanted.runs = false;
	assert_int_equal(symbolizer__at(&s, &wanted, frames, &known_ns), -ENOENT);
}

static void the_kernel(void **unused)
{
	struct symbol_wanted wanted = { .ip = 0xffffffffffffffff };
	uint64_t known_ns;

	assert_int_equal(symbolizer__at(&s, &wanted, frames, &known_ns), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_program, begin, end),
		cmocka_unit_test_setup_teardown(a_library, begin, end),
		cmocka_unit_test_setup_teardown(the_vdso, begin, end),
		cmocka_unit_test_setup_teardown(made_at_run_time, begin, end),
		cmocka_unit_test_setup_teardown(modules, begin, end),
		cmocka_unit_test_setup_teardown(another_program, begin, end),
		cmocka_unit_test_setup_teardown(the_kernel, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
