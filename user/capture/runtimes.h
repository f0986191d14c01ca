/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtimes of the session's processes, in their programs and in libraries that they have loaded: recognised,
 * probed, their counters read, each for as long as it lives.
 */
#ifndef TARE_RUNTIMES_H
#define TARE_RUNTIMES_H

#include <stdbool.h>
#include <sys/types.h>

#include "bpf.h"
#include "runtime.h"
#include "writer.h"

struct runtimes {
	struct bpf *bpf;
	struct writer *writer;
	bool goroutines; /* also the probes that each step of a goroutine hits */
	struct instance **instances;
	size_t nr, room;
	struct kind *kinds;
	size_t nr_kinds, room_kinds;
	bool told;     /* of some process pauses are told, or were */
	pid_t changed; /* a process of which runtimes__name() says something else by now; 0: none */
	pid_t barred;  /* the last of which it was said that it cannot be looked into */
	char name[160];
	struct instance *replaced; /* by what is being added, in the same process */
	struct instance *fresh;	   /* tells of pauses since just now, for runtimes__tell_late() alone */
	size_t nr_late;		   /* times that it had something to say */
};

/*
 * Process @pid is a target and runs @path, or is about to (NULL: ask the kernel what it runs). Attaches the probes of
 * its runtime. Known processes that run what they ran are left as they are. Says itself what does not work.
 * @new_born: its counters begin at 0.
 */
void runtimes__add(struct runtimes *r, pid_t pid, const char *path, bool new_born);

/*
 * Process @pid has become another program. @same_task: by its first thread, so that probes which it has in a file go on
 * if it runs that file anew.
 */
void runtimes__exec(struct runtimes *r, pid_t pid, bool same_task);

/*
 * Whoever was attached to since the last call and tells of pauses ran unseen until now: say so in the recording.
 * @since_ns: its beginning, 0: within the last second, which @since names ("its exec").
 */
void runtimes__tell_late(struct runtimes *r, uint64_t since_ns, const char *since);

/* Where to write to from now on. What was said before goes there too. */
void runtimes__begin(struct runtimes *r, struct writer *w);

/* Write the counters of all that are alive (a RUNTIMES frame); but for the last time detach from those that have ended.
 */
void runtimes__read(struct runtimes *r, uint64_t now, bool last);

/* A runtime's last words, as a record brings them. */
void runtimes__on_memory(struct runtimes *r, const struct tare_memory *memory, uint64_t ts_ns);

/*
 * What process @pid is: "go", "native", "native with go1.26.8 in libwork.so"; version "" where unknown. Both are valid
 * until the next call.
 */
const char *runtimes__name(struct runtimes *r, pid_t pid, const char **version);

/* The function at live address @ip of the program that process @pid runs, or ran until now. Returns 0 or -ENOENT. */
int runtimes__symbol(const struct runtimes *r, pid_t pid, uint64_t ip, struct runtime_symbol *sym);

/* Call @visit for each process whose runtime tells of pauses. */
void runtimes__for_each(const struct runtimes *r, void (*visit)(pid_t pid, void *ctx), void *ctx);

/*
 * Look for libraries that were loaded since, in all processes (@all) or in those whose dynamic linker does not tell,
 * and in those that began just now.
 */
void runtimes__look_again(struct runtimes *r, bool all);

void runtimes__free(struct runtimes *r);

#endif /* TARE_RUNTIMES_H */
