/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtime's description of the main module (moduledata) in a Go executable: where code and data begin and end. */
#ifndef TARE_GOMODULE_H
#define TARE_GOMODULE_H

#include "image.h"

/* All are addresses: the file's, or a live process's own where it was decoded from there. */
struct gomodule {
	uint64_t addr;	  /* of the moduledata itself; 0 where decoded from memory */
	uint64_t pclntab; /* the header */
	uint64_t text, etext;
	uint64_t noptrdata, enoptrdata, data, edata, bss, ebss, noptrbss, enoptrbss;
	uint64_t tail[16]; /* the words that follow: which is which differs from version to version */
};

#define GOMODULE_WORDS 48 /* as many 8-byte words of a moduledata as are looked at */

/*
 * Find it in the file by what it points to: the header of the pclntab at
 * @pclntab and its table of names at @names. Only where -ENOENT comes back it
 * has to be looked for in the live process. Returns 0 or -ENOENT.
 */
int gomodule__find(struct image *img, uint64_t pclntab, uint64_t names, struct gomodule *mod);

/*
 * Decode @words of a moduledata, from the file or from the memory of a process
 * (then give @pclntab with the bias added). Returns 0, or -EINVAL where it is
 * not one that makes sense.
 */
int gomodule__decode(const uint64_t words[GOMODULE_WORDS], uint64_t pclntab, struct gomodule *mod);

#endif /* TARE_GOMODULE_H */
