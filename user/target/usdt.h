/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * USDT probes in an executable: the notes of section .note.stapsdt, as <sys/sdt.h> and the like write them. Untrusted
 * input. (libbpf reads them too, but attaches each probe by itself, and detaching each takes the kernel 100 ms.)
 */
#ifndef TARE_USDT_H
#define TARE_USDT_H

#include "image.h"
#include "shared.h"

#define USDT_MAX_ARGS 12 /* the most that <sys/sdt.h> can give */

struct usdt {
	const char *name; /* the file's, until image__close() */
	uint64_t address;
	uint64_t semaphore; /* address of its 16-bit count of users; 0: none */
	unsigned nr_args;
	struct fetch args[USDT_MAX_ARGS]; /* FETCH_NONE if a probe cannot read it */
};

/*
 * Call @visit for each of @provider's probes in @img, several of which may share a name, until it returns non-zero,
 * and return that. 0 at the end; -ENOENT if @provider has none.
 */
int usdt__for_each(struct image *img, const char *provider, int (*visit)(const struct usdt *probe, void *ctx),
		   void *ctx);

/* The offset in the kernel's struct pt_regs of @machine's register @name ("rdi", "edi"; "x3"), or -ENOENT. */
int pt_regs__offset(unsigned machine, const char *name, size_t len);

#endif /* TARE_USDT_H */
