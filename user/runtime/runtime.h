/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The language runtimes that tare knows: each has a folder, and a line in RUNTIMES (runtime.c). A runtime says how it
 * is recognised, what its probes mean, and what counters it keeps. Whatever its struct leaves out is measured by the
 * kernel alone.
 */
#ifndef TARE_RUNTIME_H
#define TARE_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "allocators.h"
#include "heap_profile.h"
#include "image.h"
#include "run_trace.h"
#include "runtime_memory.h"
#include "shared.h"

struct goroutines;

/* One probe that a runtime wants in its program. */
struct runtime_probe {
	uint64_t offset;    /* in the file */
	uint64_t semaphore; /* offset of the 16-bit count of listeners, which the program checks; 0: none */
	struct site site;   /* what a hit means */
	bool often;	    /* hit at each step of a goroutine: only used on request */
};

struct runtime_probes {
	struct runtime_probe *probes;
	size_t nr, room;
};

/* Append a copy of @probe. Returns 0 or -ENOMEM. */
int runtime_probes__add(struct runtime_probes *list, const struct runtime_probe *probe);
void runtime_probes__free(struct runtime_probes *list);

/* The runtime calls number @nr of @kind (enum tare_name_kind) @name. */
typedef void runtime_say(unsigned kind, uint64_t nr, const char *name, void *ctx);

/* Functions that belong to a cost of the runtime, not to the program. */
struct runtime_cost {
	const char *function; /* its name; one that ends in '*' is the beginning of names */
	enum tare_cost cost;
	uint32_t flags; /* TARE_SYMBOL_COST_WITHIN, TARE_SYMBOL_COST_ALWAYS */
};

/*
 * The cost of @function by @costs (NULL: none), which ends with an entry without a name; the first entry that fits
 * counts. Returns it as in struct tare_symbol_more's .flags; 0: none.
 */
uint32_t runtime_cost__find(const struct runtime_cost *costs, const char *function);

#define RUNTIME_INLINED_MAX 16 /* functions at one address */

struct runtime_frame {
	const char *name, *file; /* "": not known */
	uint32_t line;		 /* 0: not known */
	enum tare_owner owner;
	bool wrapper;  /* the compiler made it, to call another */
	uint32_t cost; /* as runtime_cost__find() returns it */
	uint32_t heap; /* TARE_SYMBOL_HEAP_* */
};

/*
 * The functions at an address, those inlined there first; the last has a frame of its own. Strings are valid until the
 * next call, and not safe to print.
 */
struct runtime_symbol {
	struct runtime_frame frames[RUNTIME_INLINED_MAX];
	int nr;
	int own;	/* the first that is the program's own code, if the innermost is not; 0: there is no such */
	uint64_t start; /* where the last one begins, as the address asked for was; 0: not known */
};

/* How the function's caller is found. */
enum runtime_base {
	RUNTIME_BASE_NONE,	/* as the code says */
	RUNTIME_BASE_OUTERMOST, /* it has none: the stack begins here */
	RUNTIME_BASE_SWITCHED,	/* it changes stacks: then its caller is on that of the goroutine which the thread left
				 */
	RUNTIME_BASE_CROSSED,	/* likewise, but its frame pointer leads there */
};

/* What a stack's walk must know of the code at an address. */
struct runtime_code {
	bool known;
	bool has_frame; /* it keeps a frame pointer there */
	bool is_call;	/* it is in a call instruction, which ends right after it */
	bool foreign;	/* what it calls, or what calls it, may be no code of the runtime's */
	bool resumes;	/* it goes on with a goroutine which may be another one than the thread left */
	bool two_links; /* the frame pointer leads to a word of its own first, and from there to its frame */
	enum runtime_base base;
	int return_at; /* in bytes from the stack pointer to the return address; -1: unknown */
};

/* A program that a process runs or is about to run, or a library that it has loaded. */
struct program {
	struct image *img; /* NULL: not readable as one */
	int fd;
	pid_t pid;
	bool library;
	bool placed; /* the process has mapped it, and .bias is known: the offset added to its addresses */
	uint64_t bias;
	/*
	 * Why the runtime cannot be read, as the end of "this is Go, but ..."; "": no problem. The runtime sets it.
	 * Its pauses are not reported then.
	 */
	char problem[256];
};

/*
 * Set @value for the process in the BPF map @map (bpf/runtime/maps.bpf.h), until the process ends or becomes another
 * program. Returns 0 or a negative errno.
 */
typedef int runtime_set(const char *map, const void *value, void *ctx);

struct runtime {
	const char *name;  /* as the report prints it */
	const char *title; /* in a sentence; NULL: .name */

	const char *green_thread; /* its word for what its threads run: "goroutine", "virtual thread"; NULL: none */
	int preempt_signal;	  /* with which it asks a thread to yield; 0: none */
	const struct runtime_cost *costs; /* ended by one without a name; NULL: none */
	const char *const *maps;	  /* those that .install sets, ended by NULL */

	bool tells_nothing; /* of pauses: its probes serve the recorder itself */

	const struct run_trace_format *trace; /* of its own traces of a run; NULL: tare reads none */

	/*
	 * Does the program @img (NULL: not readable) have this runtime? Returns 1 and writes its version ("" if
	 * unknown), or 0.
	 */
	int (*recognise)(struct image *img, char *version, size_t size);

	/* All below may be NULL. */

	/*
	 * Look closer at @prog, which stays valid until close(); it is placed later if the process does not run it
	 * yet. Returns 0 and sets *@self, or a negative errno: then the kernel alone measures it, and .problem says
	 * why.
	 */
	int (*open)(struct program *prog, void **self);
	/* The probes it wants. Returns 0 or a negative errno; it reports missing ones itself. */
	int (*probes)(void *self, struct runtime_probes *list);
	/*
	 * The runtime's counters, read from the live process's memory. Fields it does not know are left alone. Returns
	 * 0 or a negative errno.
	 */
	int (*counters)(void *self, struct tare_counters *counters);
	/*
	 * How long goroutines have waited to run since the start. @delays has room for TARE_DELAYS_MAX buckets.
	 * Returns 0 or a negative errno.
	 */
	int (*delays)(void *self, struct tare_delays *delays);
	/*
	 * What it knows of its memory, read from the live process: fill @memory, which is empty. Returns 0 or a
	 * negative errno.
	 */
	int (*memory)(void *self, struct runtime_memory *memory);
	/*
	 * Tell the kernel side what is known of the process so far. Called once before probes are attached, then every
	 * second.
	 */
	void (*install)(void *self, runtime_set *set, void *ctx);
	/*
	 * The final counters, from what the probe at its exit copied. -EAGAIN: more is to come; or another negative
	 * errno.
	 */
	int (*last_counters)(void *self, const struct tare_memory *memory, struct tare_counters *counters);
	/* The names of its numbers: stop reason 1 is "GC mark termination", and so on. */
	void (*names)(void *self, runtime_say *say, void *ctx);
	/* The function at address @addr of the program's file. Returns 0 or -ENOENT. NULL: use the file's symbols. */
	int (*symbol)(void *self, uint64_t addr, struct runtime_symbol *sym);
	/*
	 * Look at all goroutines, without stopping any: @all has .stacks and is zero otherwise; goroutines__free() it
	 * in any case. Returns 0 or a negative errno.
	 */
	int (*goroutines)(void *self, struct goroutines *all);
	/* What it knows of the code at address @addr of the program's file. Returns 0 or -ENOENT. */
	int (*code)(void *self, uint64_t addr, struct runtime_code *code);
	/*
	 * What it has counted of the process's allocations, read from its memory. @heap is empty. Returns 0, -ENODATA:
	 * the process does not count them, and .problem says why; or another negative errno, most with .problem set.
	 */
	int (*heap)(void *self, struct heap_profile *heap);
	/* Where the program asks it for memory, for --alloc-sites. Returns 0 or a negative errno. */
	int (*allocators)(void *self, struct allocators *list);
	void (*close)(void *self);
};

/* The runtime of a program: never NULL, since every program is native at least. */
const struct runtime *runtime__of(struct image *img, char *version, size_t size);

#define RUNTIME_ANY "any" /* in place of a name: any language's */

/* Does @rt belong to a language, so that it can be asked for by name? */
bool runtime__is_language(const struct runtime *rt);

/* Runtime number @i in the table, from 0; NULL: there are no more. */
const struct runtime *runtime__at(size_t i);

/* The runtime of programs that no other one recognises. */
extern const struct runtime runtime_native;

/* What allocators of C, C++ and Rust are called: native_costs.c. */
extern const struct runtime_cost native_costs[];

/* Is @function of source @file of the library of C++ or Rust, which is compiled into programs? */
bool native_is_library(const char *function, const char *file);

#endif /* TARE_RUNTIME_H */
