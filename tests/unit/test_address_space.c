// SPDX-License-Identifier: BSD-2-Clause
/* Where the code of this very process is, and of children that change or end. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "address_space.h"
#include "util.h"

static int data_word;

static void kinds(void **unused)
{
	struct address_space a = { .pid = getpid() };
	struct code_mapping *m = address_space__at(&a, (uintptr_t)kinds, now_ns());
	uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
	struct stat self, st;
	int fd;

	assert_non_null(m);
	assert_int_equal(m->kind, CODE_FILE);
	assert_int_equal(stat("/proc/self/exe", &self), 0);
	assert_int_equal(m->inode, self.st_ino);
	fd = address_space__open(&a, m);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_ino, self.st_ino);
	close(fd);
	assert_null(address_space__at(&a, (uintptr_t)&data_word, now_ns()));
	assert_null(address_space__at(&a, 0, now_ns()));
	assert_null(address_space__at(&a, UINT64_MAX, now_ns()));
	if (vdso) {
		m = address_space__at(&a, vdso + 64, now_ns());
		assert_non_null(m);
		assert_int_equal(m->kind, CODE_VDSO);
	}
	address_space__free(&a);
}

/* What is mapped later is found when it may look again; what stays keeps its context. */
static void changes(void **unused)
{
	struct address_space a = { .pid = getpid() };
	uint64_t before_ns = now_ns(), read_ns;
	struct code_mapping *m = address_space__at(&a, (uintptr_t)kinds, before_ns);
	char *p;
	int fd;

	m->context = &a;
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(p != MAP_FAILED);
	a.next_ns = UINT64_MAX;
	assert_null(address_space__at(&a, (uintptr_t)p, now_ns()));
	a.next_ns = 0;
	m = address_space__at(&a, (uintptr_t)p, now_ns());
	assert_non_null(m);
	assert_int_equal(m->kind, CODE_ANONYMOUS);
	assert_null(m->path);
	assert_null(m->context);
	assert_ptr_equal(address_space__at(&a, (uintptr_t)kinds, now_ns())->context, &a);
	m->context = &a;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_ptr_equal(mmap(p, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0), p);
	close(fd);
	assert_int_equal(address_space__read(&a), 0);
	m = address_space__at(&a, (uintptr_t)p, now_ns());
	assert_int_equal(m->kind, CODE_FILE);
	assert_null(m->context);
	munmap(p, 4096);
	/* what was there before the last reading, which did not find it, is not looked for any more */
	assert_int_equal(address_space__read(&a), 0);
	read_ns = a.read_ns;
	a.next_ns = UINT64_MAX - 1;
	assert_false(address_space__is_early(&a, before_ns));
	assert_true(address_space__is_early(&a, now_ns()));
	a.next_ns = 0;
	assert_null(address_space__at(&a, (uintptr_t)p, before_ns));
	assert_int_equal(a.read_ns, read_ns);
	assert_null(address_space__at(&a, (uintptr_t)p, now_ns()));
	assert_true(a.read_ns > read_ns);
	address_space__free(&a);
}

static void of_the_dead(void **unused)
{
	pid_t pid = fork();
	struct address_space a = { .pid = pid };

	if (!pid) {
		pause();
		_exit(0);
	}
	assert_non_null(address_space__at(&a, (uintptr_t)kinds, now_ns()));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, pid, NULL, WEXITED | WNOWAIT), 0);
	assert_int_equal(address_space__read(&a), -ESRCH);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(address_space__read(&a), -ESRCH);
	assert_non_null(address_space__at(&a, (uintptr_t)kinds, now_ns()));
	/* another process with this pid is not that one; init, for this one may be as young as its child */
	a.pid = 1;
	assert_int_equal(address_space__read(&a), -ESRCH);
	address_space__free(&a);
}

/* A program that was removed, or has another in its place. */
static void removed(void **unused)
{
	char path[] = "/tmp/test_address_space.XXXXXX", command[128];
	struct address_space a = { 0 };
	struct code_mapping *m = NULL;
	struct stat st, was;
	int fd = mkstemp(path), ready[2];

	close(fd);
	snprintf(command, sizeof(command), "cp /bin/sleep %s && chmod 700 %s", path, path);
	assert_int_equal(system(command), 0);
	assert_int_equal(stat(path, &was), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	a.pid = fork();
	if (!a.pid) {
		execl(path, path, "60", NULL);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], command, 1), 0); /* it is running */
	close(ready[0]);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(close(creat(path, 0755)), 0);
	/* a program has no code at first */
	while (address_space__read(&a) == -ESRCH) {
		assert_int_equal(waitpid(a.pid, NULL, WNOHANG), 0);
		usleep(1000);
	}
	for (size_t i = 0; i < a.nr; i++)
		if (a.mappings[i].kind == CODE_FILE && strstr(a.mappings[i].path, "test_address_space"))
			m = &a.mappings[i];
	assert_non_null(m);
	fd = address_space__open(&a, m);
	if (fd >= 0) { /* else it may not */
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_ino, was.st_ino);
		close(fd);
	}
	kill(a.pid, SIGKILL);
	waitpid(a.pid, NULL, 0);
	assert_true(address_space__open(&a, m) < 0);
	unlink(path);
	address_space__free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
		cmocka_unit_test(changes),
		cmocka_unit_test(of_the_dead),
		cmocka_unit_test(removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
