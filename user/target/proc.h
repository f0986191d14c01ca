/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What /proc says of a process. Any of it may change or go away at any moment: then -ESRCH. Ids are the kernel's, see
 * pid_ns.h.
 */
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

/* Append @pid unless it is there. Returns 1 if it was added, 0, or -ENOMEM. */
int pids__add(struct pids *list, pid_t pid);

/* Remove it if it is there; another takes its place. */
void pids__remove(struct pids *list, pid_t pid);

/*
 * Read /proc/PID/@name into @buf, terminated. Returns the number of bytes,
 * which may contain NULs, or a negative errno.
 */
ssize_t proc__read(pid_t pid, const char *name, char *buf, size_t size);

/* One numeric field of /proc/PID/status; an id is as /proc has it. Returns it, or a negative errno. */
long proc__status(pid_t pid, const char *field);

/*
 * A thread of process @pid that still has the process's memory: the first one, or another if that has ended and others
 * go on. Use its id to ask the kernel for memory, program and mappings. @pid if there is none.
 */
pid_t proc__living(pid_t pid);

/* When process @pid was born, in clock ticks since boot: together with the pid, this identifies it. 0 if unknown. */
uint64_t proc__start_ticks(pid_t pid);

/*
 * Which program process @pid runs, and since when: the same as before as long as neither has changed. Where the kernel
 * does not place stacks at random, an exec of the same file is not seen. 0 if unknown.
 */
uint64_t proc__program_mark(pid_t pid);

/* Is @pid, a process or a thread, gone or about to end? Then its cgroup may be told as "/". */
bool proc__is_ending(pid_t pid);

/* The name of a process's first thread, at most 15 bytes. Returns 0 or a negative errno. */
int proc__comm(pid_t pid, char comm[16]);

/* 1 if @pid is a kernel thread, 0, or a negative errno. */
int proc__is_kernel_thread(pid_t pid);

/* Add the processes named @comm. Returns how many are new, or a negative errno. */
int proc__find_comm(const char *comm, struct pids *list);

/*
 * Add the processes in the cgroup with folder @path (either version) and below it. Returns how many are new, or a
 * negative errno: -ENOENT if it is no cgroup.
 */
int proc__find_cgroup(const char *path, struct pids *list);

/*
 * Copy @len bytes of process @pid's memory at @addr. Returns 0, -EFAULT if part of it is not mapped, or another
 * negative errno (-ESRCH: gone, -EPERM: may not be read).
 */
int proc__peek(pid_t pid, uint64_t addr, void *buf, size_t len);

/*
 * Likewise, from @nr places at once into as many buffers. Returns how many bytes came before one that was not mapped.
 */
ssize_t proc__peek_all(pid_t pid, const struct iovec *to, const struct iovec *from, size_t nr);

#endif /* TARE_PROC_H */
