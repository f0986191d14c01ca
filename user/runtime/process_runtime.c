// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process_runtime.h"
#include "modules.h"
#include "pid_ns.h"
#include "proc.h"
#include "util.h"

struct search {
	struct process_runtime *a;
	bool (*wanted)(const struct runtime *rt);
	struct stat exe;
	dev_t device; /* of the last file that was examined */
	ino_t inode;
};

static void forget_file(struct process_runtime *a)
{
	image__close(a->prog.img);
	if (a->prog.fd >= 0)
		close(a->prog.fd);
	a->prog.img = NULL;
	a->prog.fd = -1;
	a->prog.placed = false;
}

/* Takes @fd. */
static void look_at_file(struct process_runtime *a, int fd, bool library)
{
	a->prog.fd = fd;
	a->prog.library = library;
	if (image__open(fd, &a->prog.img, NULL))
		a->prog.img = NULL;
	a->runtime = runtime__of(a->prog.img, a->version, sizeof(a->version));
}

static bool place(struct process_runtime *a, const struct mapping *m)
{
	a->prog.placed = a->prog.img && !image__bias(a->prog.img, m->start, m->offset, true, &a->prog.bias);
	return a->prog.placed;
}

/* Without the privilege to see the file itself, its number must do. */
static bool is_program(const struct search *s, const struct mapping *m)
{
	struct stat st;

	if (!mapping__stat(s->a->prog.pid, m, &st))
		return st.st_dev == s->exe.st_dev && st.st_ino == s->exe.st_ino;
	return m->inode == s->exe.st_ino;
}

static int on_program(const struct mapping *m, void *ctx)
{
	struct search *s = ctx;

	return m->code && m->inode && is_program(s, m) && place(s->a, m);
}

static int on_library(const struct mapping *m, void *ctx)
{
	struct search *s = ctx;
	int fd;

	if (!m->code || m->name[0] != '/' || (m->inode == s->inode && m->device == s->device) || is_program(s, m))
		return 0;
	s->inode = m->inode;
	s->device = m->device;
	fd = mapping__open(s->a->prog.pid, m);
	if (fd < 0)
		return 0;
	forget_file(s->a);
	look_at_file(s->a, fd, true);
	return s->wanted(s->a->runtime) && place(s->a, m);
}

static int say(char *why, size_t size, int error, const char *text)
{
	snprintf(why, size, "%s", text);
	return error;
}

static int open_program(struct search *s, char *why, size_t size)
{
	struct process_runtime *a = s->a;
	char exe[64];
	int fd, err;

	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid_ns__here(proc__living(a->prog.pid)));
	fd = open(exe, O_RDONLY | O_CLOEXEC);
	err = errno;
	if (fd < 0 && !proc__start_ticks(a->prog.pid))
		return say(why, size, -ESRCH, "there is no such process");
	if (fd < 0 && err == ENOENT)
		return say(why, size, -ESRCH, "it has no program: it has ended, or is a thread of the kernel");
	if (fd < 0 && (err == EACCES || err == EPERM))
		return say(why, size, -EPERM,
			   "it may not be looked into: become its user or root, or get CAP_SYS_PTRACE");
	if (fd < 0)
		return say(why, size, -err, strerror(err));
	if (fstat(fd, &s->exe)) {
		close(fd);
		return say(why, size, -EIO, "its program cannot be read");
	}
	look_at_file(a, fd, false);
	return 0;
}

/* The program, else the first library that fits. Sets what is found in @s->a. */
static int find(struct search *s, char *why, size_t size)
{
	const struct runtime *program;
	char version[sizeof(s->a->version)];
	int ret = open_program(s, why, size);

	if (ret)
		return ret;
	if (s->wanted(s->a->runtime)) {
		if (mappings__for_each(s->a->prog.pid, on_program, s) == 1)
			return 0;
		return say(why, size, -ENOENT, "its program is not mapped where it should be: it may have just ended");
	}
	program = s->a->runtime;
	memcpy(version, s->a->version, sizeof(version));
	if (mappings__for_each(s->a->prog.pid, on_library, s) == 1)
		return 0;
	s->a->runtime = program;
	memcpy(s->a->version, version, sizeof(version));
	snprintf(why, size, "it has no runtime that would tell: this is %s", program->title ?: program->name);
	return -ENODATA;
}

int process_runtime__open(struct process_runtime *a, pid_t pid, bool (*wanted)(const struct runtime *rt), char *why,
			  size_t size)
{
	struct search s = { .a = a, .wanted = wanted };
	int ret;

	*a = (struct process_runtime){ .prog = { .fd = -1, .pid = pid }, .runtime = &runtime_native };
	a->mark = proc__program_mark(pid);
	ret = find(&s, why, size);
	if (ret)
		return ret;
	ret = a->runtime->open ? a->runtime->open(&a->prog, &a->self) : 0;
	if (ret) {
		a->self = NULL;
		snprintf(why, size, "this is %s, but %s", a->runtime->title ?: a->runtime->name,
			 a->prog.problem[0] ? a->prog.problem : strerror(-ret));
	}
	return ret;
}

bool process_runtime__is_current(const struct process_runtime *a)
{
	return proc__program_mark(a->prog.pid) == a->mark;
}

void process_runtime__close(struct process_runtime *a)
{
	if (a->self && a->runtime->close)
		a->runtime->close(a->self);
	a->self = NULL;
	forget_file(a);
}
