/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * USDT probes in an executable: the notes of section .note.stapsdt, as
 * <sys/sdt.h> and its likes write them. Untrusted input. (libbpf reads them
 * too, but attaches each probe by itself, and letting go of each takes the
 * kernel 100 ms.)
 */
#ifndef TARE_USDT_H
#define TARE_USDT_H

#include "image.h"
#include "shared.h"

#define USDT_MAX_ARGS 12 /* as many as <sys/sdt.h> can give */

struct usdt {
	const char *name; /* the file's, until image__close() */
	uint64_t address;
	uint64_t semaphore; /* address of its 16-bit count of users; 0: it has none */
	unsigned nr_args;
	struct fetch args[USDT_MAX_ARGS]; /* FETCH_NONE where the place is not one that a probe can read */
};

/*
 * Call @visit for each of @provider's probes in @img, of which several may
 * have one name, until it returns non-zero: then return that. 0 at the end;
 * -ENOENT where there are none of @provider.
 */
int usdt__for_each(struct image *img, const char *provider, int (*visit)(const struct usdt *probe, void *ctx),
		   void *ctx);

/* The offset in the kernel's struct pt_regs of the register called @name ("rdi", "edi"; "x3") of @machine, or -ENOENT.
 */
int pt_regs__offset(unsigned machine, const char *name, size_t len);

#endif /* TARE_USDT_H */
