// SPDX-License-Identifier: BSD-2-Clause
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "array.h"
#include "hash.h"
#include "pid_ns.h"
#include "proc.h"

int pids__add(struct pids *list, pid_t pid)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (list->pids[i] == pid)
			return 0;
	}
	if (ARRAY_GROW(list->pids, list->room, list->nr + 1))
		return -ENOMEM;
	list->pids[list->nr++] = pid;
	return 1;
}

void pids__remove(struct pids *list, pid_t pid)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (list->pids[i] != pid)
			continue;
		list->pids[i] = list->pids[--list->nr];
		return;
	}
}

/* @here: as /proc has it. */
static ssize_t read_here(pid_t here, const char *name, char *buf, size_t size)
{
	char path[64];
	size_t have = 0;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", here, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (have < size - 1 && (n = read(fd, buf + have, size - 1 - have)) > 0)
		have += n;
	n = n < 0 ? -errno : (ssize_t)have;
	buf[have] = '\0';
	close(fd);
	return n;
}

ssize_t proc__read(pid_t pid, const char *name, char *buf, size_t size)
{
	return read_here(pid_ns__here(pid), name, buf, size);
}

long proc__status(pid_t pid, const char *field)
{
	char buf[4096], key[32];
	ssize_t n = proc__read(pid, "status", buf, sizeof(buf));
	char *p;

	if (n < 0)
		return n;
	snprintf(key, sizeof(key), "\n%s:", field);
	p = strstr(buf, key);
	return p ? strtol(p + strlen(key), NULL, 10) : -ENOENT;
}

/*
 * What follows the name of thread @tid of process @pid in its "stat". The process's own would add up the times of all
 * threads with interrupts off (do_task_stat(), fs/proc/array.c): milliseconds, with thousands of threads. Returns a
 * place in @buf, or NULL and *@error.
 */
static char *read_stat(pid_t pid, pid_t tid, char *buf, size_t size, int *error)
{
	char name[64], *p;
	ssize_t n;

	snprintf(name, sizeof(name), "task/%d/stat", pid_ns__here(tid));
	n = proc__read(pid, name, buf, size);
	p = n < 0 ? NULL : strrchr(buf, ')'); /* the name may hold anything */
	*error = n < 0 ? n : -EPROTO;
	return p;
}

/* 'Z': it has ended but was not reaped. 0: unknown. */
static char state_of(pid_t pid, pid_t tid)
{
	char buf[1024], *p;
	int error;

	p = read_stat(pid, tid, buf, sizeof(buf), &error);
	return p && p[1] ? p[2] : 0;
}

pid_t proc__living(pid_t pid)
{
	pid_t found = pid, tid;
	struct dirent *d;
	char path[64];
	DIR *dir;

	if (state_of(pid, pid) != 'Z')
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/task", pid_ns__here(pid));
	dir = opendir(path);
	while (dir && found == pid && (d = readdir(dir))) {
		tid = isdigit((unsigned char)d->d_name[0]) ? pid_ns__kernel(atoi(d->d_name)) : 0;
		if (tid && tid != pid && !strchr("ZX", state_of(pid, tid)))
			found = tid;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* What follows the name in /proc/PID/stat, which may hold anything, from its bracket on; NULL: it cannot be read. */
static char *stat_after_name(pid_t pid, char buf[1024])
{
	return proc__read(pid, "stat", buf, 1024) < 0 ? NULL : strrchr(buf, ')');
}

uint64_t proc__start_ticks(pid_t pid)
{
	unsigned long long ticks = 0;
	char buf[1024], *p = stat_after_name(pid, buf);

	if (!p || sscanf(p, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
			 &ticks) != 1)
		return 0;
	return ticks;
}

uint64_t proc__program_mark(pid_t pid)
{
	char buf[1024], *p = stat_after_name(proc__living(pid), buf);
	uint64_t mark = HASH_BEGIN;
	unsigned field = 2; /* proc(5): 22 is when it was born, 26 to 28 are where code and stack are */

	if (!p)
		return 0;
	for (char *state, *word = strtok_r(p, " ", &state); word; word = strtok_r(NULL, " ", &state), field++)
		if (field == 22 || (field >= 26 && field <= 28))
			mark = hash__add(mark, word, strlen(word));
	return mark;
}

#define PF_EXITING 0x4 /* include/linux/sched.h */

bool proc__is_ending(pid_t pid)
{
	char buf[1024], *p = stat_after_name(pid, buf);
	unsigned flags;

	return !p || sscanf(p, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1 || flags & PF_EXITING;
}

static int comm_here(pid_t here, char comm[16])
{
	char buf[64]; /* kernel threads may have longer ones */
	ssize_t n = read_here(here, "comm", buf, sizeof(buf));

	if (n < 0)
		return n;
	if (n && buf[n - 1] == '\n')
		buf[n - 1] = '\0';
	memcpy(comm, buf, 15);
	comm[15] = '\0';
	return 0;
}

int proc__comm(pid_t pid, char comm[16])
{
	return comm_here(pid_ns__here(pid), comm);
}

int proc__is_kernel_thread(pid_t pid)
{
	enum { PF_KTHREAD = 0x00200000 }; /* include/linux/sched.h */
	char buf[1024], *p;
	unsigned int flags;
	int error;

	p = read_stat(pid, pid, buf, sizeof(buf), &error);
	if (!p)
		return error;
	if (sscanf(p, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return -EPROTO;
	return !!(flags & PF_KTHREAD);
}

int proc__find_comm(const char *comm, struct pids *list)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	char name[16];
	int found = 0, ret;

	if (!dir)
		return -errno;
	while ((d = readdir(dir))) {
		pid_t pid = atoi(d->d_name);

		if (!isdigit((unsigned char)d->d_name[0]) || pid == getpid() || comm_here(pid, name) ||
		    strncmp(name, comm, 15))
			continue;
		pid = pid_ns__kernel(pid);
		ret = pid ? pids__add(list, pid) : 0;
		if (ret < 0) {
			closedir(dir);
			return ret;
		}
		found += ret;
	}
	closedir(dir);
	return found;
}

static int find_cgroup_at(int dirfd, struct pids *list, int depth)
{
	int found = 0, fd, ret = 0;
	struct dirent *d;
	FILE *f;
	DIR *dir;
	int pid;

	/* a threaded cgroup refuses cgroup.procs (EOPNOTSUPP): its processes are listed at the root of its domain */
	fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && depth == 0) {
		ret = -errno;
		close(dirfd);
		return ret;
	}
	f = fd < 0 ? NULL : fdopen(fd, "r");
	while (f && fscanf(f, "%d", &pid) == 1) {
		pid = pid_ns__kernel(pid);
		ret = pid ? pids__add(list, pid) : 0; /* one of another namespace is listed as 0 */
		if (ret < 0)
			break;
		found += ret;
	}
	if (f)
		fclose(f);
	else if (fd >= 0)
		close(fd);
	dir = fdopendir(dirfd);
	if (!dir) {
		close(dirfd);
		return ret < 0 ? ret : found;
	}
	while (ret >= 0 && (d = readdir(dir))) {
		if (d->d_type != DT_DIR || d->d_name[0] == '.')
			continue;
		fd = openat(dirfd, d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		ret = find_cgroup_at(fd, list, depth + 1);
		if (ret > 0)
			found += ret;
	}
	closedir(dir);
	return ret < 0 ? ret : found;
}

int proc__find_cgroup(const char *path, struct pids *list)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : find_cgroup_at(fd, list, 0);
}

ssize_t proc__peek_all(pid_t pid, const struct iovec *to, const struct iovec *from, size_t nr)
{
	ssize_t n = process_vm_readv(pid_ns__here(pid), to, 1, from, nr, 0);

	if (n < 0 && errno == ESRCH)
		n = process_vm_readv(pid_ns__here(proc__living(pid)), to, 1, from, nr, 0);
	return n < 0 ? -errno : n;
}

int proc__peek(pid_t pid, uint64_t addr, void *buf, size_t len)
{
	struct iovec to = { buf, len }, from = { (void *)(uintptr_t)addr, len };
	ssize_t n = proc__peek_all(pid, &to, &from, 1);

	if (n == (ssize_t)len)
		return 0;
	/* partial: the rest is not mapped */
	return n >= 0 ? -EFAULT : n;
}
