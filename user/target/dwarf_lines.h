/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions at an address, those inlined there first, and the line in each, by the debug information that compilers
 * write for C, C++ and Rust.
 *
 * It is read by libdw, which trusts it: a file made for that may crash or hang the caller, who should be a process that
 * can be missed.
 */
#ifndef TARE_DWARF_LINES_H
#define TARE_DWARF_LINES_H

#include <stdint.h>

#include "debug_file.h"

struct dwarf_lines;

/* Strings are valid until dwarf_lines__close(). */
struct code_frame {
	const char *name; /* as a linker sees it, if the compiler tells; NULL: not known */
	const char *file; /* NULL: not known */
	uint32_t line;	  /* 0: not known */
	uint64_t start;	  /* where the function with a frame of its own begins, by the file's symbols; 0: not known */
};

/*
 * Read the debug information of the ELF file @fd, which @img is, too. @places: where a file may be that it shares with
 * others. The file is read, not mapped. Returns 0 and the memory that this took in *@bytes; -ENOENT: it has none, or
 * refers to a file that is not there; -EFBIG: it would take more than @max_bytes; -EINVAL: damaged.
 */
int dwarf_lines__open(int fd, struct image *img, const struct debug_places *places, uint64_t max_bytes,
		      struct dwarf_lines **lines, uint64_t *bytes);

/*
 * The functions at @vaddr, the innermost first; the last is the one that really has a frame. Returns how many, at most
 * @max, or -ENOENT.
 */
int dwarf_lines__frames_at(struct dwarf_lines *l, uint64_t vaddr, struct code_frame *frames, int max);

void dwarf_lines__close(struct dwarf_lines *l);

#endif /* TARE_DWARF_LINES_H */
