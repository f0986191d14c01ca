/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says of a process. All of it may change or go away at any moment: -ESRCH then. */
#ifndef TARE_PROC_H
#define TARE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* A growing list of process ids; zero-initialise, free() .pids. */
struct pids {
	pid_t *pids;
	size_t nr, room;
};

/* Append @pid unless it is there. Returns 1 where it was added, 0, or -ENOMEM. */
int pids__add(struct pids *list, pid_t pid);

/* Remove it if it is there; another takes its place. */
void pids__remove(struct pids *list, pid_t pid);

/*
 * Read /proc/PID/@name into @buf, terminated. Returns the number of bytes,
 * which may contain NULs, or a negative errno.
 */
ssize_t proc__read(pid_t pid, const char *name, char *buf, size_t size);

/* One field of /proc/PID/status as a number, "Tgid" say. Returns it, or a negative errno. */
long proc__status(pid_t pid, const char *field);

/*
 * A thread of process @pid that still has the process's memory: its first one, or another where that one has ended and
 * the others go on. What the kernel says of memory, program and mappings is asked by this number. @pid where there is
 * none.
 */
pid_t proc__living(pid_t pid);

/*
 * When process @pid was born, in clock ticks since the machine was: with its number this tells it from any other. 0
 * where it is not known.
 */
uint64_t proc__start_ticks(pid_t pid);

/* The name of a process's first thread, at most 15 bytes. Returns 0 or a negative errno. */
int proc__comm(pid_t pid, char comm[16]);

/* 1 where @pid is a thread of the kernel, 0, or a negative errno. */
int proc__is_kernel_thread(pid_t pid);

/* Add the processes named @comm. Returns how many are new, or a negative errno. */
int proc__find_comm(const char *comm, struct pids *list);

/*
 * Add the processes in the cgroup whose folder is @path (either version), and
 * below it. Returns how many are new, or a negative errno: -ENOENT where it is
 * no cgroup.
 */
int proc__find_cgroup(const char *path, struct pids *list);

/*
 * Copy @len bytes of process @pid's memory at @addr. Returns 0, -EFAULT where a part of it is not mapped, or another
 * negative errno (-ESRCH: gone, -EPERM: may not be read).
 */
int proc__peek(pid_t pid, uint64_t addr, void *buf, size_t len);

/* The same from @nr places at once, into one after the other. Returns how many bytes before one was not mapped. */
ssize_t proc__peek_all(pid_t pid, const struct iovec *to, const struct iovec *from, size_t nr);

#endif /* TARE_PROC_H */
