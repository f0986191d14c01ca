/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtime's description of the main module (moduledata) in a Go executable: where code and data begin and end. */
#ifndef TARE_GOMODULE_H
#define TARE_GOMODULE_H

#include "image.h"

/* All are addresses: of the file, or of a live process if decoded from there. */
struct gomodule {
	uint64_t addr;	  /* of the moduledata itself; 0 where decoded from memory */
	uint64_t pclntab; /* the header */
	uint64_t text, etext;
	uint64_t noptrdata, enoptrdata, data, edata, bss, ebss, noptrbss, enoptrbss;
	uint64_t tail[16]; /* the words that follow, which vary between versions */
};

#define GOMODULE_WORDS 48 /* this many 8-byte words of a moduledata are looked at */

/*
 * Find it in the file by what it points to: the header of the pclntab at @pclntab and its table of names at @names.
 * Returns 0, or -ENOENT: only then must it be looked for in the live process.
 */
int gomodule__find(struct image *img, uint64_t pclntab, uint64_t names, struct gomodule *mod);

/*
 * Decode @words of a moduledata, from the file or from a process's memory (then @pclntab includes the bias). Returns
 * 0, or -EINVAL if it makes no sense.
 */
int gomodule__decode(const uint64_t words[GOMODULE_WORDS], uint64_t pclntab, struct gomodule *mod);

#endif /* TARE_GOMODULE_H */
