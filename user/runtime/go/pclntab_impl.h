/* SPDX-License-Identifier: BSD-2-Clause */
/* Internals of the function table: for pclntab*.c only. */
#ifndef TARE_PCLNTAB_IMPL_H
#define TARE_PCLNTAB_IMPL_H

#include "pclntab.h"

/* What differs between versions. Offsets in bytes. */
struct pclntab_format {
	uint32_t magic;
	int minor;	  /* the oldest version of Go that writes it */
	unsigned tables;  /* in the header: where the offsets of the tables begin */
	unsigned word;	  /* of a functab entry: an address (8) or an offset from the text (4) */
	unsigned name;	  /* in a _func: nameOff, which pcfile, pcln, npcdata, cuOffset follow in all versions */
	unsigned func_id; /* in a _func, which ends 4 bytes behind it */
	unsigned inlined, inlined_name, inlined_parent; /* size of an inlinedCall, nameOff and parentPc in it */
	unsigned inlined_func_id;			/* funcID in it */
	bool start_line;				/* in a _func, before funcID */
};

struct pclntab {
	struct image *img;
	const struct pclntab_format *format;
	uint64_t addr, offset, bytes; /* of the whole; .bytes extends to the segment's end: nothing says less */
	uint64_t nr, min_lc;
	uint64_t names, units, files, pctab, funcs; /* the tables, from the header on */
	uint64_t text;
	struct gomodule module;
	bool has_module;
	bool hidden;	 /* its magic is not one of Go's */
	uint64_t gofunc; /* what funcdata is relative to; 0: unknown, so no inlined frames */
};

/* A _func as in the file. */
struct raw_func {
	uint64_t at; /* from the header on */
	uint32_t name, pcsp, pcfile, pcln, npcdata, unit, start_line;
	uint8_t func_id, nfuncdata;
};

/* @len bytes at @at from the header on, or NULL. */
const void *pclntab__view(struct pclntab *t, uint64_t at, uint64_t len);
/* A string in one of the tables, which ends at @end. NULL if it does not end. */
const char *pclntab__string(struct pclntab *t, uint64_t at, uint64_t end);
/* The _func of function @index, its name and its address. Return 0 or -EINVAL. */
int pclntab__raw(struct pclntab *t, uint32_t index, struct raw_func *raw);
int pclntab__fill(struct pclntab *t, uint32_t index, const struct raw_func *raw, const char *name,
		  struct go_func *func);
/* Find .gofunc among the module's words whose place varies, by what it points to. */
void pclntab__find_gofunc(struct pclntab *t);

/* One pass through a table of values by address: pairs of differences, as LEB128. */
struct steps {
	struct pclntab *t;
	uint64_t at, pc; /* pc: .value holds up to there */
	int32_t value;
	bool started;
};

/* @table: its offset in pctab, 0: none. */
struct steps steps__of(struct pclntab *t, uint32_t table, uint64_t entry);
bool steps__next(struct steps *s);

enum { PCDATA_INL_TREE_INDEX = 2, FUNCDATA_INL_TREE = 3 };
#define NOT_THERE UINT32_MAX

/* A table of values of a function; 0: none. */
uint32_t raw_func__pcdata(struct pclntab *t, const struct raw_func *raw, uint32_t which);
/* Data of a function, relative to .gofunc; NOT_THERE: none. */
uint32_t raw_func__funcdata(struct pclntab *t, const struct raw_func *raw, uint32_t which);

struct inlined {
	uint32_t name, parent; /* offset of the name; of the call, from the function's start */
	uint8_t func_id;
};

/* Entry @index of a function's tree of inlined calls. Returns 0 or -ENOENT. */
int pclntab__inlined(struct pclntab *t, uint64_t gofunc, uint32_t tree, int32_t index, struct inlined *in);

#endif /* TARE_PCLNTAB_IMPL_H */
