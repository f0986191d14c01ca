/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The function table of a Go executable (Go 1.16 and later). Stripped files have it too, since the runtime itself
 * unwinds by it.
 *
 * Addresses are the file's own (add the bias for a live process). Strings are the file's, valid until image__close():
 * sanitize() them before display.
 */
#ifndef TARE_PCLNTAB_H
#define TARE_PCLNTAB_H

#include "gomodule.h"

struct pclntab;

struct go_func {
	const char *name;    /* "runtime.(*mcache).refill" */
	uint64_t entry, end; /* end: where the next function begins, padding included */
	uint8_t func_id;     /* the runtime's own class: 0 is ordinary, the largest one compiler-made wrappers */
	uint32_t start_line; /* of the declaration; 0 if unknown (before Go 1.20) */
	uint32_t index;	     /* in address order */
};

/* One level of the calls at an address: the innermost first; the last is the function that really has a frame. */
struct go_frame {
	const char *name, *file; /* file: "" if unknown */
	uint32_t line;		 /* 0 if unknown */
	bool inlined;
	uint8_t func_id; /* as in struct go_func */
};

/*
 * Find the table, by section or by searching what is loaded. @text: the address of the first function (runtime.text)
 * if the caller knows it, else 0. Returns 0; -ENOENT: none found; -EOPNOTSUPP: Go 1.2 to 1.15, which is too old;
 * -EINVAL: damaged, or neither table has the address of the code; -ENOMEM. @why, if not NULL, then says so in words
 * (static text). @img must outlive the table.
 */
int pclntab__open(struct image *img, uint64_t text, struct pclntab **table, const char **why);
void pclntab__close(struct pclntab *table);

/* The first function's address (runtime.text), the number of functions. */
uint64_t pclntab__text(const struct pclntab *table);
size_t pclntab__nr(const struct pclntab *table);
/* The oldest minor version of Go that writes this format: 16, 18 or 20. */
int pclntab__minor(const struct pclntab *table);
/* The module's description, or NULL if it was not found in the file. */
const struct gomodule *pclntab__module(const struct pclntab *table);

/* A name to look for, and what was found: of several with that name, the one that is no wrapper, else the largest. */
struct go_wanted {
	const char *name;
	unsigned matches; /* 0: not there */
	struct go_func func;
};

/* Find all of @wanted in one pass. Returns how many were found, or -ENOMEM. */
int pclntab__find_funcs(struct pclntab *table, struct go_wanted *wanted, size_t nr);
/* Find one. Returns 0, -ENOENT, -ENOMEM. For several use the above. */
int pclntab__find_func(struct pclntab *table, const char *name, struct go_func *func);

/* The function that contains @pc. Returns 0 or -ENOENT. */
int pclntab__func_at(struct pclntab *table, uint64_t pc, struct go_func *func);
/* Number @index. Returns 0, -ENOENT (no more), -EINVAL (this one is damaged). */
int pclntab__func(struct pclntab *table, uint32_t index, struct go_func *func);

/*
 * The calls that @pc stands for, inlined ones first. A return address is that of the instruction after the call: pass
 * pc - 1. Returns how many, at most @max, or -ENOENT.
 */
int pclntab__frames_at(struct pclntab *table, uint64_t pc, struct go_frame *frames, int max);

/*
 * The bytes that the function at @pc has on the stack at that very instruction; on x86-64 the return address is right
 * above them. Or -ENOENT.
 */
int pclntab__frame_bytes(struct pclntab *table, uint64_t pc);

/*
 * Is @name inlined anywhere? Then a probe at that function misses calls. Returns 1, 0, or a negative errno:
 * -EOPNOTSUPP if that cannot be read.
 */
int pclntab__is_inlined(struct pclntab *table, const char *name);

#endif /* TARE_PCLNTAB_H */
