/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the Go runtime's variables are, read from its own instructions: for executables without a symbol table. A
 * variable's address is an argument of a call, "in F the first argument of the call of C is X"; or F loads from it.
 * What is found is a candidate, to be validated on the live process.
 */
#ifndef TARE_GOPATTERN_H
#define TARE_GOPATTERN_H

#include "insn.h"

/*
 * Code of the function @name ("runtime.(*mcache).refill"). Returns 0, or a negative errno, which is passed on;
 * -ENOENT: no such function.
 */
typedef int (*gopattern_lookup)(void *ctx, const char *name, struct code *code);

/* Ways to find a variable, the best first; ends with .name NULL. */
struct gopattern {
	const char *name;	       /* "runtime.sched" */
	const char *function, *callee; /* callee NULL: the lowest address that @function loads a word from */
	int from, to;		       /* minor versions of Go, inclusive */
	int adjust;		       /* added to what is found */
	int words;		       /* not 0: instead, so many words in a row, see gopattern__words() */
	int bytes;		       /* of a word that is loaded; 0: 8 */
};

extern const struct gopattern gopatterns[];

/*
 * The address (in the file) of variable @name in an executable of Go 1.@minor; a version newer than all known ones is
 * treated as the newest. Returns 0, or why the last way failed: -ENOENT: no way, a function is missing, or nothing
 * matched; -ENOTUNIQ: matches differ; or an error of @lookup or of decoding.
 */
int gopattern__find(const char *name, int minor, gopattern_lookup lookup, void *ctx, uint64_t *addr);

/*
 * In one function: the constant first argument of its calls of @callee or, if that is 0, the lowest address that it
 * loads a word of @bytes from. Returns as above.
 */
int gopattern__in(const struct code *code, uint64_t callee, int bytes, uint64_t *addr);

/*
 * In one function: the last @words of the words in a row that it accesses at constant addresses. Of several such runs,
 * the shortest that has so many; of equals, the highest. Returns 0; -ENOENT: there is none; -E2BIG: too many accesses;
 * -ENOMEM; or an error of decoding.
 */
int gopattern__words(const struct code *code, size_t words, uint64_t *addr);

/*
 * Each constant memory address that @code reads, writes or compares with: call @visit until it returns non-zero, and
 * return that; else 0, or an error of decoding.
 */
int gopattern__touched(const struct code *code, int (*visit)(uint64_t addr, void *ctx), void *ctx);

/* How a thread's current goroutine (g) is reached from outside. */
enum gotls_kind {
	GOTLS_OFFSET, /* at thread pointer + .offset */
	GOTLS_SLOT,   /* at thread pointer + the 8-byte word at address .slot + .offset */
};

struct gotls {
	enum gotls_kind kind;
	int64_t offset; /* x86-64: from fs base; arm64: from tpidr_el0 */
	uint64_t slot;	/* address in the file, to be read in the live process */
	uint64_t iscgo; /* arm64: only if the byte at this address is not 0, else g is in x28 only. 0: always */
};

/*
 * Decode runtime.stackcheck (x86-64) or runtime.load_g (arm64), see gotls__function(). Returns 0, -ENOENT if it does
 * not look as expected, or an error of decoding.
 */
int gotls__decode(const struct code *code, struct gotls *tls);
/* The name of the function to decode, or NULL. */
const char *gotls__function(int arch);

#endif /* TARE_GOPATTERN_H */
