// SPDX-License-Identifier: BSD-2-Clause
/* What /proc says of a process: this very one, one with an odd name, one that is gone. */
#include <sys/prctl.h>
#include <sys/wait.h>

#include "modules.h"
#include "proc.h"
#include "records.h"

/* A child that waits until it is told to end, by closing *@fd. */
static pid_t child(int *fd)
{
	int p[2], ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(p), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(p[1]);
		prctl(PR_SET_NAME, "a) R (b\n\x1b[1m");
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(read(p[0], &c, 1) != 0);
	}
	close(p[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	*fd = p[1];
	return pid;
}

static void end(pid_t pid, int fd)
{
	int status;

	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- /proc ---- */

static void fields_of_self(void **unused)
{
	char comm[16], buf[256];
	ssize_t n;

	assert_int_equal(proc__status(getpid(), "Tgid"), getpid());
	assert_int_equal(proc__status(getpid(), "PPid"), getppid());
	assert_int_equal(proc__status(getpid(), "Gid"), getgid());
	assert_int_equal(proc__status(getpid(), "gid"), -ENOENT);
	assert_int_equal(proc__status(getpid(), "NoSuchField"), -ENOENT);
	assert_int_equal(proc__comm(getpid(), comm), 0);
	assert_string_equal(comm, "test_target");
	assert_int_equal(proc__is_kernel_thread(getpid()), 0);
	n = proc__read(getpid(), "cmdline", buf, sizeof(buf));
	assert_true(n > 0 && n < (ssize_t)sizeof(buf));
	assert_int_equal(buf[n], '\0');
	assert_non_null(strstr(buf, "test_target"));
	/* longer than the buffer: as much as fits, terminated */
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(proc__read(getpid(), "status", buf, 10), 9);
	assert_memory_equal(buf, "Name:\ttes", 10);
	assert_int_equal(buf[10], 'x');
}

/* A name may hold what /proc/PID/stat separates its fields by. */
static void fields_of_one_with_a_strange_name(void **unused)
{
	char comm[16];
	int fd;
	pid_t pid = child(&fd);

	assert_int_equal(proc__comm(pid, comm), 0);
	assert_string_equal(comm, "a) R (b\n\x1b[1m");
	assert_int_equal(proc__is_kernel_thread(pid), 0);
	assert_int_equal(proc__status(pid, "PPid"), getpid());
	end(pid, fd);
}

static void one_that_is_gone(void **unused)
{
	char comm[16], buf[16];
	int fd;
	pid_t pid = child(&fd);

	end(pid, fd);
	assert_int_equal(proc__status(pid, "Tgid"), -ESRCH);
	assert_int_equal(proc__comm(pid, comm), -ESRCH);
	assert_int_equal(proc__is_kernel_thread(pid), -ESRCH);
	assert_int_equal(proc__read(pid, "cmdline", buf, sizeof(buf)), -ESRCH);
	assert_int_equal(modules__for_each(pid, NULL, NULL), -ESRCH);
}

static void processes_by_name(void **unused)
{
	static const char name[] = "tare-find-me-15"; /* 15 bytes: as long as a name gets */
	struct pids list = { 0 };
	int p[2], status, found;
	pid_t pid;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_NAME, name);
		if (write(p[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(p[0], &(char){ 0 }, 1), 1);
	close(p[0]);
	close(p[1]);
	found = proc__find_comm(name, &list);
	assert_int_equal(found, 1);
	assert_true(list.nr == 1 && list.pids[0] == pid);
	assert_int_equal(proc__find_comm(name, &list), 0); /* not twice */
	assert_int_equal(proc__find_comm("tare-find-me-1", &list), 0);
	assert_int_equal(proc__find_comm("tare-find-me-15-and-more", &list),
			 0);					    /* cut as the kernel does: the same name */
	assert_int_equal(proc__find_comm("test_target", &list), 0); /* never oneself */
	free(list.pids);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void no_cgroup(void **unused)
{
	struct pids list = { 0 };

	assert_int_equal(proc__find_cgroup("/proc/self/no-such-folder", &list), -ENOENT);
	assert_int_equal(proc__find_cgroup("/proc/self", &list), -ENOENT);
	assert_int_equal(proc__find_cgroup("/proc/self/status", &list), -ENOTDIR);
	assert_int_equal(list.nr, 0);
}

/* A folder made to look like a cgroup, as the kernel lays one out: processes of it and of those below it. */
static void cgroup_and_below(void **unused)
{
	char dir[] = "/tmp/tare-cgroup.XXXXXX", path[64], cmd[256];
	struct pids list = { 0 };

	assert_non_null(mkdtemp(dir));
	snprintf(cmd, sizeof(cmd),
		 "cd %s && mkdir -p a/b c && echo 11 >cgroup.procs && : >c/cgroup.procs && "
		 "printf '12\\n13\\n11\\n' >a/b/cgroup.procs",
		 dir);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(proc__find_cgroup(dir, &list), 3);
	assert_int_equal(list.nr, 3);
	assert_int_equal(proc__find_cgroup(dir, &list), 0);
	snprintf(path, sizeof(path), "%s/a", dir); /* no cgroup.procs in it */
	assert_int_equal(proc__find_cgroup(path, &list), -ENOENT);
	free(list.pids);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
}

static void lists_grow(void **unused)
{
	struct pids list = { 0 };

	for (int i = 1; i <= 1000; i++)
		assert_int_equal(pids__add(&list, i), 1);
	for (int i = 1; i <= 1000; i++)
		assert_int_equal(pids__add(&list, i), 0);
	assert_int_equal(list.nr, 1000);
	free(list.pids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_self),   cmocka_unit_test(fields_of_one_with_a_strange_name),
		cmocka_unit_test(one_that_is_gone), cmocka_unit_test(processes_by_name),
		cmocka_unit_test(no_cgroup),	    cmocka_unit_test(cgroup_and_below),
		cmocka_unit_test(lists_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
