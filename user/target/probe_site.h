/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where to put a uprobe into a Go function: at an instruction that the kernel
 * emulates, and where the function's arguments still are what they were.
 *
 * A Go function begins by comparing the stack pointer with the goroutine's
 * limit. Where the stack is too small, or the goroutine is to be preempted, it
 * branches to its end, and from there comes back to its first instruction: so
 * that one runs more often than the function is called. The push of the frame
 * pointer (x86-64, Go 1.21 and later) comes after that branch; where there is
 * none the branch itself will do, if hits that are about to take it are dropped.
 */
#ifndef TARE_PROBE_SITE_H
#define TARE_PROBE_SITE_H

#include "image.h"
#include "insn.h"

#define ENTRY_BYTES_MAX 64 /* a site for the entry begins within as many bytes */

enum probe_site_kind {
	SITE_PUSH,	  /* the push of the frame pointer */
	SITE_STACK_CHECK, /* the branch to grow the stack, filtered by the flags */
	SITE_FIRST,	  /* the first instruction: there is neither of these before something else happens */
	SITE_CALL,	  /* before a call; the callee's arguments are in place */
};

/*
 * A hit counts where ((flags ^ flags_flip) & flags_mask) == 0, with the flags in
 * pt_regs (x86-64 flags, arm64 pstate); a mask of 0 lets all of them count.
 * At all kinds but SITE_CALL the arguments are in their registers, and what the
 * function returns to lies at sp + .return_at, or where that is negative in the
 * link register. At SITE_CALL it means nothing.
 */
struct probe_site {
	uint64_t addr, flags_mask, flags_flip;
	enum probe_site_kind kind;
	enum probe_class class;
	bool exact;    /* counts as often as the function is called, or the call is made */
	int return_at; /* bytes */
};

const char *probe_site_kind__name(enum probe_site_kind kind);

/* Would a hit with these flags count? What the kernel side does, for tests. */
static inline bool probe_site__counts(const struct probe_site *site, uint64_t flags)
{
	return ((flags ^ site->flags_flip) & site->flags_mask) == 0;
}

/*
 * The site for a call of the function @code, the whole of it. Returns 0, -EILSEQ
 * (it begins with what is no instruction or what no probe may be put on), or an
 * error of insn_iter__open().
 */
int probe_site__entry(const struct code *code, struct probe_site *site);

/*
 * All direct calls (`call rel32`, `bl`) of @callee in the function @code, and
 * jumps there, which a call at the end may become. Writes at most @max of them.
 * Returns how many there are, -EILSEQ where bytes hide what follows them, or an
 * error of insn_iter__open().
 */
int probe_site__calls(const struct code *code, uint64_t callee, struct probe_site *sites, size_t max);

/*
 * The code of a function from @entry to @end as it is in the file, for the two
 * above. Returns 0, -ENOENT (not in the file, or longer than CODE_BYTES_MAX),
 * -EINVAL: @img is for neither architecture.
 */
int code__of_function(struct image *img, uint64_t entry, uint64_t end, struct code *code);

#endif /* TARE_PROBE_SITE_H */
