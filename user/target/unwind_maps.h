/* SPDX-License-Identifier: BSD-2-Clause */
/* Which code processes have mapped. For the unwinder only. */
#ifndef TARE_UNWIND_MAPS_H
#define TARE_UNWIND_MAPS_H

#include "table.h"
#include "unwind_module.h"

/* One mapping with code. */
struct unwind_mapping {
	uint64_t start, end, offset;
	struct unwind_module *module; /* NULL: no file, or not looked at yet */
	uint64_t bias;
	enum { MAPPING_FILE, MAPPING_VDSO, MAPPING_OTHER } kind;
	bool tried; /* to get its module */
};

struct unwind_process {
	struct unwind_process *next;
	pid_t pid;
	struct unwind_mapping *maps; /* by address */
	size_t nr, room;
	bool stale;		   /* there is something new */
	uint64_t read_ns, cost_ns; /* of the last reading */
	uint64_t used_ns;
};

struct unwind_maps {
	struct unwind_modules modules;
	struct table by_pid;
	struct unwind_process *first;
	unsigned nr;
	size_t nr_mappings;
};

/* What process @pid has mapped, read anew if that is due. NULL: out of memory. */
struct unwind_process *unwind_maps__of(struct unwind_maps *all, pid_t pid, uint64_t now);
/*
 * The mapping with @pc, or NULL. Mappings are read again if there is none, unless that was done a moment ago: this ends
 * the life of earlier results.
 */
struct unwind_mapping *unwind_maps__find(struct unwind_maps *all, struct unwind_process *p, uint64_t pc, uint64_t now);
/* Its module, loaded, or NULL: nothing is known of its code. */
struct unwind_module *unwind_maps__module(struct unwind_maps *all, struct unwind_process *p, struct unwind_mapping *m,
					  uint64_t now);
void unwind_maps__mapped(struct unwind_maps *all, pid_t pid);
void unwind_maps__forget(struct unwind_maps *all, pid_t pid);
void unwind_maps__free(struct unwind_maps *all);

#endif /* TARE_UNWIND_MAPS_H */
