/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the code of a process is: a copy of its map, in the order of addresses, and the files open that it maps. It
 * stays when the process ends, and when a file is removed or replaced.
 */
#ifndef TARE_ADDRESS_SPACE_H
#define TARE_ADDRESS_SPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum code_kind {
	CODE_FILE,
	CODE_ANONYMOUS, /* made at run time */
	CODE_VDSO,	/* the kernel's, for programs */
};

struct code_mapping {
	uint64_t start, end, offset;
	enum code_kind kind;
	dev_t device;
	ino_t inode;
	char *path;    /* as the process sees it; CODE_FILE only, else NULL */
	bool seen;     /* for whoever looks at mappings: not set here */
	void *context; /* likewise; kept as long as the same is mapped there */
};

struct address_space {
	pid_t pid;
	uint64_t start_ticks; /* of the process, see proc.h; 0: it was gone already */
	struct code_mapping *mappings;
	size_t nr, room;
	uint64_t begun_ns, read_ns; /* reading began and ended: what is known was so then; 0: nothing was read */
	uint64_t next_ns;	    /* not read again before */
};

/*
 * Where @address is, which the process had at @ts_ns, or NULL: no code is there. If it is not known, the map is read
 * again, if .next_ns allows it, and not if another process has the pid by now, or if the map was read since @ts_ns:
 * what it did not have then was never code, or is gone. Valid until the next call.
 */
struct code_mapping *address_space__at(struct address_space *a, uint64_t address, uint64_t ts_ns);

/* Could it be there, once the map is read again? */
bool address_space__is_early(const struct address_space *a, uint64_t ts_ns);

/* Read the map again. Returns 0 or a negative errno: -ESRCH if the process is gone; then what was known stays. */
int address_space__read(struct address_space *a);

/*
 * Open the file of @m: that very file, whatever its name refers to now. Returns a descriptor or a negative errno:
 * -ESTALE if it cannot be told that it is the same.
 */
int address_space__open(const struct address_space *a, const struct code_mapping *m);

void address_space__free(struct address_space *a);

#endif /* TARE_ADDRESS_SPACE_H */
