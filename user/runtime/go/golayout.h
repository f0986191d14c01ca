/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the fields of Go's runtime are in one executable: from its debug information if it has any, else from a table
 * by version. Offsets are the same on x86-64 and arm64. Neither source is trusted before golive.h has tried it on the
 * live process.
 */
#ifndef TARE_GOLAYOUT_H
#define TARE_GOLAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "gofields.h"

enum { GO_OLDEST = 19, GO_NEWEST = 27 }; /* minor versions that the table knows */

enum go_layout_source { GO_LAYOUT_TABLE, GO_LAYOUT_DWARF };

struct go_layout {
	int minor; /* of the version that it is for */
	enum go_layout_source source;
	bool guessed;		    /* newer than the table, or development: its newest column */
	unsigned differ;	    /* DWARF: fields for which the table, if it knows the version, disagrees */
	enum go_field first_differ; /* the first of them */
	const char *no_dwarf;	    /* why DWARF was not available (static text); NULL if it was used */
	int32_t at[GO_NR_FIELDS];   /* bytes; -1: this version has no such field */
};

/*
 * By the table alone. @version is the whole text from the build information, "go1.24.6 X:nospinbitmutex": patch level
 * and experiments matter. Returns 0; -EOPNOTSUPP: older than GO_OLDEST; -EINVAL: no version of Go.
 */
int go_layout__by_version(struct go_layout *l, const char *version);

/*
 * By the debug information in the ELF file @fd, within @budget_ns; fields that it lacks become -1. Returns 0, or
 * -ENOENT with @why: none, too large, took too long, or it does not describe the runtime. @l is untouched then.
 */
int go_layout__by_dwarf(struct go_layout *l, int fd, uint64_t budget_ns, const char **why);

/* The better of the two. @fd may be -1. Returns as go_layout__by_version(), but 0 for any version with DWARF. */
int go_layout__find(struct go_layout *l, int fd, const char *version);

/* "m.procid" */
const char *go_field__name(enum go_field field, char buf[64]);

#endif /* TARE_GOLAYOUT_H */
