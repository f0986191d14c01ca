/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where to put a uprobe in a Go function: at an instruction that the kernel emulates, and where the function's
 * arguments are still in place.
 *
 * A Go function begins by comparing the stack pointer with the goroutine's limit. If the stack is too small, or the
 * goroutine is to be preempted, it branches to its end, and from there back to its first instruction, which thus runs
 * more often than the function is called. The push of the frame pointer (x86-64, Go 1.21 and later) comes after that
 * branch. Without one, the branch itself will do, if hits that are about to take it are dropped.
 */
#ifndef TARE_PROBE_SITE_H
#define TARE_PROBE_SITE_H

#include "image.h"
#include "insn.h"

#define ENTRY_BYTES_MAX 64 /* a site for the entry begins within this many bytes */

enum probe_site_kind {
	SITE_PUSH,	  /* the push of the frame pointer */
	SITE_STACK_CHECK, /* the branch to grow the stack, filtered by the flags */
	SITE_FIRST,	  /* the first instruction: neither of these comes before something else happens */
	SITE_CALL,	  /* before a call; the callee's arguments are in place */
};

/*
 * A hit counts if ((flags ^ flags_flip) & flags_mask) == 0, with the flags in pt_regs (x86-64 flags, arm64 pstate);
 * with a mask of 0, every hit does. At all kinds but SITE_CALL the arguments are in their registers, and the return
 * address is at sp + .return_at, or in the link register if that is negative. At SITE_CALL it means nothing.
 */
struct probe_site {
	uint64_t addr, flags_mask, flags_flip;
	enum probe_site_kind kind;
	enum probe_class class;
	bool exact;    /* counts exactly once per call */
	int return_at; /* bytes */
};

const char *probe_site_kind__name(enum probe_site_kind kind);

/* Would a hit with these flags count? As on the kernel side; for tests. */
static inline bool probe_site__counts(const struct probe_site *site, uint64_t flags)
{
	return ((flags ^ site->flags_flip) & site->flags_mask) == 0;
}

/*
 * The site for calls of the function @code, given as a whole. Returns 0, -EILSEQ (it begins with bytes that are no
 * instruction, or with one that takes no probe), or an error of insn_iter__open().
 */
int probe_site__entry(const struct code *code, struct probe_site *site);

/*
 * All direct calls (`call rel32`, `bl`) of @callee in the function @code, and jumps to it, which tail calls become.
 * Writes at most @max of them. Returns how many there are, -EILSEQ if undecodable bytes hide what follows, or an error
 * of insn_iter__open().
 */
int probe_site__calls(const struct code *code, uint64_t callee, struct probe_site *sites, size_t max);

/*
 * The code of a function from @entry to @end as in the file, for the two above. Returns 0, -ENOENT (not in the file,
 * or longer than CODE_BYTES_MAX), -EINVAL: @img is for neither architecture.
 */
int code__of_function(struct image *img, uint64_t entry, uint64_t end, struct code *code);

#endif /* TARE_PROBE_SITE_H */
