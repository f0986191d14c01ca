/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a recording means: a fold over its events in time order, the same for a file and for a live stream. Memory is
 * bounded for any input. Nothing is printed or read here. Strings are kept unsanitized: use sanitize().
 */
#ifndef TARE_MODEL_H
#define TARE_MODEL_H

#include "alloc_samples.h"
#include "bytes_ledger.h"
#include "runtime_counters.h"
#include "delays.h"
#include "event.h"
#include "fault_owners.h"
#include "findings.h"
#include "heap_readings.h"
#include "memory_calls.h"
#include "pause.h"
#include "preemption.h"
#include "profile.h"
#include "programs.h"
#include "runtime_names.h"
#include "switch.h"
#include "symbol.h"
#include "windows.h"

#define MODEL_MAX_INFO	    128
#define MODEL_MAX_INFO_LEN  4096
#define MODEL_MAX_PROCESSES 16
#define MODEL_MAX_PROBES    64
#define MODEL_MAX_DAMAGE    16
#define MODEL_MAX_OOM_KILLS 16

struct model_process {
	uint32_t pid, ppid;
	uint64_t start_ns; /* from the recorder; 0: unknown */
	char *cmdline;	   /* arguments separated by spaces; cut at MODEL_MAX_INFO_LEN */
};

struct model_damage {
	uint64_t offset, bytes;
	char what[80];
};

/* A target that the kernel killed for want of memory. */
struct model_oom_kill {
	uint64_t ts_ns;
	uint32_t tid, tgid;
	char comm[TARE_COMM_LEN + 1];
	uint64_t limit_bytes; /* of the memory cgroup with the least room; 0: none had a limit, or it is not known */
	char cgroup[TARE_CGROUP_LEN];
};

/* Time in which threads made room before they got memory. */
struct model_reclaim {
	uint64_t count, ns, pages;
	uint64_t limit_bytes; /* the cgroup named last; 0: none is known */
	char cgroup[TARE_CGROUP_LEN];
};

struct model {
	struct switches switches;
	struct pauses pauses;
	struct profile profile;
	struct alloc_samples allocs;
	struct windows windows;
	bool has_header, has_end;
	struct tare_header header;
	struct tare_end end;
	struct {
		char *key, *value;
	} info[MODEL_MAX_INFO];
	unsigned nr_info;
	struct model_process processes[MODEL_MAX_PROCESSES]; /* the first ones only */
	unsigned nr_processes;
	struct tare_probe probes[MODEL_MAX_PROBES]; /* latest running totals */
	unsigned nr_probes;
	struct runtime_counters counters;
	struct model_bytes bytes;
	struct heap_readings heaps;
	struct fault_owners fault_owners;
	struct model_memory_calls memory_calls;
	struct delays delays;
	struct runtime_names runtime_names;
	struct preemption preemption;
	struct programs programs;
	struct model_symbols symbols;
	struct findings findings;
	struct table loss;				      /* class << 32 | CPU to its running total */
	uint64_t lost[TARE_NR_LOST];			      /* by class, set by model__finish() */
	struct model_damage damage[MODEL_MAX_DAMAGE];	      /* the first ones only */
	uint64_t nr_damage, damage_bytes;		      /* totals over all damage */
	struct model_reclaim reclaim[2];		      /* in the machine's memory, and in a memory cgroup */
	struct model_oom_kill oom_kills[MODEL_MAX_OOM_KILLS]; /* the first ones only */
	unsigned nr_oom_kills;
	uint64_t late;			     /* events out of order; set by the reader */
	uint32_t first_tid, first_tgid;	     /* the first target thread */
	char first_comm[TARE_COMM_LEN + 1];  /* when first seen */
	char target_comm[TARE_COMM_LEN + 1]; /* latest known name of its process */
	uint64_t begin_ns, end_ns;	     /* first snapshot and end; valid once finished */
	uint64_t first_event_ns;	     /* used as the beginning if there is no snapshot */
	uint64_t events;
	bool finished;
};

/* A new empty model, or NULL if out of memory. Free it with model__free() (NULL is fine). */
struct model *model__new(void);
void model__free(struct model *m);

/* Fold in the next event. Returns 0 or -ENOMEM. */
int model__event(struct model *m, const struct event *ev);

/* No more events: close open intervals and sum up. Call once, before reading from the model. */
void model__finish(struct model *m);

/* The recorder's value for @key, or NULL. */
const char *model__info(const struct model *m, const char *key);

/*
 * When the recording begins, ns: at the first snapshot, or, if there was no target then, at the first event. Good while
 * events still come; UINT64_MAX before the first.
 */
uint64_t model__begin(const struct model *m);

/* From the first snapshot to the end, ns; 0 if empty. */
uint64_t model__duration(const struct model *m);

/* Number of events known to be lost: all classes except bytes, and waits that were left out. */
uint64_t model__lost_events(const struct model *m);

/* Is anything missing: lost, damaged, late, or a recording that was cut off? */
bool model__is_incomplete(const struct model *m);

/* The latest record of probe @name, or NULL. */
const struct tare_probe *model__find_probe(const struct model *m, const char *name);

/*
 * The cost of all probes, without the time programs were held at their start. Returns hits; sets *@ns to the sum of
 * probe_cost__ns(), TARE_UNKNOWN if none were timed.
 */
uint64_t model__probe_cost(const struct model *m, uint64_t *ns);

#endif /* TARE_MODEL_H */
