/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for addresses: in the code that processes have mapped, in what their compilers made at run time, in the kernel.
 * A wrong name is worse than none: what cannot be known for sure has none.
 *
 * What is asked about is kept: files, maps, debug information. It may take seconds to read, and a hostile file may
 * crash who reads it (dwarf_lines.h).
 */
#ifndef TARE_SYMBOLIZER_H
#define TARE_SYMBOLIZER_H

#include <stdbool.h>

#include "address_space.h"
#include "code_file.h"
#include "kernel_symbols.h"
#include "table.h"

#define SYMBOL_DEEP 32	 /* functions at one address */
#define SYMBOL_TEXT 8192 /* bytes of a name at most */

/* Strings are valid until the next call, and not safe to print. */
struct symbol_frame {
	const char *name; /* as in the source */
	const char *file; /* "": not known */
	uint32_t line;	  /* 0: not known */
	uint64_t start;	  /* where the function with a frame of its own begins; 0: not known */
	enum tare_owner owner;
};

/* An address and whose it is. */
struct symbol_wanted {
	uint32_t pid;	    /* 0: the kernel's */
	uint32_t here;	    /* its number in /proc: in a PID namespace it has another */
	uint64_t ip, ts_ns; /* a record of that time has it */
	uint64_t program;   /* when the process began to run this program; any number that grows */
	bool runs;	    /* it still does: its map may be read */
	bool last;	    /* it will not be asked about again: what may be known now is looked at, however soon */
};

struct symbolizer {
	struct debug_places places;
	uint64_t dwarf_room;   /* bytes that further debug information may take */
	struct table programs; /* process to its struct mapped_program */
	struct table files;    /* hash of a file's identity to its struct mapped_file */
	struct code_file *vdso;
	bool vdso_tried;
	struct kernel_symbols kernel;
	bool said_hidden;
	char names[SYMBOL_DEEP][SYMBOL_TEXT];
	/* called for each file with code that a process turns out to have mapped; may be NULL */
	void (*on_module)(uint32_t pid, const struct code_mapping *m, int fd, void *ctx);
	void *ctx;
};

void symbolizer__init(struct symbolizer *s, const struct debug_places *places);
void symbolizer__free(struct symbolizer *s);

/*
 * Look at what goes with the process: its map, and the file that @wanted is in, which stays open. Takes little time.
 * symbolizer__at() does that, too; but what it reads then takes its time, and meanwhile others may end.
 */
void symbolizer__look(struct symbolizer *s, const struct symbol_wanted *wanted);

/*
 * The functions at an address, those inlined there first; the last has a frame of its own. A call's address is the
 * return address minus one. *@known_ns: when it was so (the process may be another program by now), or 0. Returns how
 * many, at most SYMBOL_DEEP; -ENOENT; or -EAGAIN: it may be something new, but it is too early to look again.
 */
int symbolizer__at(struct symbolizer *s, const struct symbol_wanted *wanted, struct symbol_frame *frames,
		   uint64_t *known_ns);

#endif /* TARE_SYMBOLIZER_H */
