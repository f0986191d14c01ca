/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions at the addresses in a recording's events, as resolved by the recorder. */
#ifndef TARE_MODEL_SYMBOL_H
#define TARE_MODEL_SYMBOL_H

#include "event.h"
#include "told.h"

#define MODEL_MAX_SYMBOLS 65536
#define MODEL_MAX_INLINED 64 /* functions at one address; further ones are not kept */

struct model_symbol {
	uint32_t line;		   /* 0: unknown */
	char *name, *file;	   /* not safe to print; file "" if unknown */
	uint16_t owner;		   /* enum tare_owner */
	uint32_t cost;		   /* the bits of TARE_SYMBOL_COST_* */
	char *own_name, *own_file; /* "": none */
	uint32_t own_line;
	uint64_t start;		     /* where the function with a frame of its own begins; 0: not known */
	struct model_symbol *caller; /* the function that it is inlined into, at the same address; NULL: none */
};

struct model_symbols {
	struct told_list told;
	/* the last one is inlined, and its caller is still to come */
	bool is_inlined;
	struct model_symbol *inlined; /* NULL: it was not kept */
	uint32_t inlined_pid, nr_inlined;
	uint64_t inlined_ip;
};

/* @programs must live as long. */
void model_symbols__init(struct model_symbols *s, const struct programs *programs);
void model_symbols__free(struct model_symbols *s);

/* Fold in an EVENT_SYMBOL; those of one address in their order. Returns 0 or -ENOMEM. */
int model_symbols__event(struct model_symbols *s, const struct event *ev);

/* The function that was at @ip of process @pid at @ts_ns, or NULL: see told.h. */
const struct model_symbol *model_symbols__at(const struct model_symbols *s, uint32_t pid, uint64_t ip, uint64_t ts_ns);

#endif /* TARE_MODEL_SYMBOL_H */
