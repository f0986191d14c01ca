/* SPDX-License-Identifier: BSD-2-Clause */
/* Internals of the Go runtime's files: what is known of one program. */
#ifndef TARE_RUNTIME_GO_H
#define TARE_RUNTIME_GO_H

#include "golayout.h"
#include "insn.h"
#include "pclntab.h"
#include "runtime.h"
#include "heap_profile.h"
#include "runtime/go_exit.h"

#define GO_MAX_FUNCS 64

struct go {
	struct program *prog;
	int minor; /* of the version; 26 in go1.26.1 */
	struct pclntab *pclntab;
	struct go_layout layout;
	struct go_wanted funcs[GO_MAX_FUNCS]; /* all functions that anything here looks up */
	unsigned nr_funcs;
	struct go_live *live; /* once the runtime has begun; NULL before, or where it cannot be read */
	uint64_t looked_ns;   /* when that was first tried */
	uint64_t exit_site;   /* address in the file of the probe at its exit; 0: none */
	struct go_exit exit;  /* what that copies, as the kernel side knows it: .exit_set */
	bool exit_set, path_tried;
	struct go_copy *last; /* what that probe copied */
};

/*
 * Have .live: look at the runtime's memory, once the process runs the program. Returns 0; -EAGAIN: the runtime has not
 * begun yet; or another negative errno.
 */
int go__live(struct go *go);

/* go_goroutines.c: struct runtime's .goroutines */
int go__goroutines(void *self, struct goroutines *all);

/* Where a global of the runtime is, by the file's instructions; 0: unknown. */
uint64_t go__by_pattern(struct go *go, const char *name);

/* go_costs.c: which functions serve the runtime itself. */
extern const struct runtime_cost go_costs[];

/* go_owner.c: whose code @function is. */
enum tare_owner go_owner(const char *function);

/* go_code.c: struct runtime's .symbol and .code */
int go__symbol_at(void *self, uint64_t addr, struct runtime_symbol *sym);
int go__code_at(void *self, uint64_t addr, struct runtime_code *code);

/* goheap_find.c: struct runtime's .heap, and the functions that it needs */
int go__heap(void *self, struct heap_profile *heap);
void go_heap__want(struct go *go);

/* go_allocators.c: struct runtime's .allocators, and the functions that it needs */
int go__allocators(void *self, struct allocators *list);
void go_allocators__want(struct go *go);

/* BPF maps: how to find goroutines, and what to copy at the end. */
#define GO_PATHS "goroutine_paths"
#define GO_EXITS "go_exits"

/* go_exit.c: what the probe at the process's exit copies, as known so far. Returns 0 or -ENOENT. */
int go_exit__describe(struct go *go, struct go_exit *x);
/* struct runtime's .last_counters */
int go__last_counters(void *self, const struct tare_memory *memory, struct tare_counters *c);

/* The function @name among those looked up, or NULL. */
const struct go_func *go__func(const struct go *go, const char *name);

/* The code of function @name. Returns 0 or a negative errno. */
int go__code(struct go *go, const char *name, struct code *code);

/* Add the names of the functions that go_probes() needs. */
void go_probes__want(struct go *go);
void go__want(struct go *go, const char *name);

/* The probes for the runtime's events. Returns 0 or a negative errno; reports what cannot be recorded. */
int go_probes(struct go *go, struct runtime_probes *list);

#endif /* TARE_RUNTIME_GO_H */
