/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtimes of the session's processes, in their programs and in loaded libraries: recognised, probed, their
 * counters read, each for as long as it lives.
 */
#ifndef TARE_RUNTIMES_H
#define TARE_RUNTIMES_H

#include <stdbool.h>
#include <sys/types.h>

#include "bpf.h"
#include "proc.h"
#include "runtime.h"
#include "table.h"
#include "writer.h"

#define MAX_TARGET_PROCESSES (1 << 22) /* the kernel's PID_MAX_LIMIT */

struct file_id;

struct runtimes {
	struct bpf *bpf;
	struct writer *writer;
	bool goroutines; /* including the probes hit at each step of a goroutine */
	struct instance **instances;
	size_t nr, room;
	struct table by_pid; /* process to its first instance */
	struct kind *kinds;
	size_t nr_kinds, room_kinds;
	bool told;     /* some process's pauses are reported, or were */
	pid_t changed; /* a process whose runtimes__name() has changed; 0: none */
	pid_t barred;  /* last process reported as barred */
	char name[160];
	struct instance *replaced; /* by what is being added, in the same process */
	struct instance *retired;  /* no process runs these any more: kept for the functions at their addresses */
	size_t nr_retired;
	struct instance *fresh; /* has just begun to report pauses, for runtimes__tell_late() alone */
	size_t nr_late;		/* times that it had something to say */
};

/*
 * Process @pid is a target and runs @path, or is about to (NULL: ask the kernel what it runs). Attaches its runtime's
 * probes. Known processes that still run the same are left alone. Reports failures itself. @new_born: its
 * counters begin at 0.
 */
void runtimes__add(struct runtimes *r, pid_t pid, const char *path, bool new_born);

/*
 * Process @pid has called exec. @same_task: from its first thread, so that its probes in a file stay if it runs that
 * file again.
 */
void runtimes__exec(struct runtimes *r, pid_t pid, bool same_task);

/*
 * Processes attached to since the last call that report pauses ran unseen until now: say so in the recording.
 * @since_ns: when that began, 0: within the last second, which @since names ("its exec").
 */
void runtimes__tell_late(struct runtimes *r, uint64_t since_ns, const char *since);

/* Where to write from now on. Earlier findings go there too. */
void runtimes__begin(struct runtimes *r, struct writer *w);

/* Write the counters of all that are alive (a RUNTIMES frame); unless @last, detach from those that have ended. */
void runtimes__read(struct runtimes *r, uint64_t now, bool last);

/* A runtime's last words, from a record. */
void runtimes__on_memory(struct runtimes *r, const struct tare_memory *memory, uint64_t ts_ns);

/*
 * What process @pid is: "go", "native", "native with go1.26.8 in libwork.so"; version "" if unknown. Both are valid
 * until the next call.
 */
const char *runtimes__name(struct runtimes *r, pid_t pid, const char **version);

/* At @ts_ns, process @pid called exec, or another process with that id was born. Call before runtimes__exec(). */
void runtimes__ended(struct runtimes *r, pid_t pid, uint64_t ts_ns);

/*
 * The functions at address @ip that process @pid had at @ts_ns, in the program that it ran then, if its runtime keeps a
 * table of its own. All that ended before @ts_ns must be known. Returns 0 or -ENOENT.
 */
int runtimes__symbol(const struct runtimes *r, pid_t pid, uint64_t ip, uint64_t ts_ns, struct runtime_symbol *sym);

/* Likewise by the symbols of the file itself: its name in the linker's words. */
int runtimes__file_symbol(const struct runtimes *r, pid_t pid, uint64_t ip, uint64_t ts_ns, struct runtime_symbol *sym);

/* Which functions there belong to a cost of the runtime; NULL: none. */
const struct runtime_cost *runtimes__costs(const struct runtimes *r, pid_t pid, uint64_t ip, uint64_t ts_ns);

/* Forget programs that nobody runs any more. */
void runtimes__close_retired(struct runtimes *r);

/* Likewise, what its runtime knows of the code there. Returns 0, or -ENOENT: nothing. */
int runtimes__code(const struct runtimes *r, pid_t pid, uint64_t ip, uint64_t ts_ns, struct runtime_code *code);

/* Call @visit for each process whose runtime reports pauses. */
void runtimes__for_each(const struct runtimes *r, void (*visit)(pid_t pid, void *ctx), void *ctx);

/* Add all processes that run what is known of them. */
void runtimes__processes(struct runtimes *r, struct pids *to);

/* What the runtimes of process @pid know of its memory; zero @memory first. Returns 0, or -ENOENT: nothing. */
int runtimes__memory(struct runtimes *r, pid_t pid, struct runtime_memory *memory);

/*
 * The allocations that a runtime of process @pid has sampled; @heap is empty, heap_profile__free() it in any case.
 * Returns 0, -ENOENT: none keeps such an account, or another negative errno.
 */
int runtimes__heap(struct runtimes *r, pid_t pid, struct heap_profile *heap);

/* Call @visit with the allocators in each file of process @pid that has a runtime with some of its own. */
void runtimes__allocators(const struct runtimes *r, pid_t pid,
			  void (*visit)(int fd, const struct file_id *file, const struct allocators *found, void *ctx),
			  void *ctx);

/*
 * Look for newly loaded libraries: in all processes (@all), or in those whose dynamic linker does not report them and
 * those that just began.
 */
void runtimes__look_again(struct runtimes *r, bool all);

void runtimes__free(struct runtimes *r);

#endif /* TARE_RUNTIMES_H */
