/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of tasks, targets and others: each distinct name once, numbered. */
#ifndef TARE_TASK_NAMES_H
#define TARE_TASK_NAMES_H

#include "event.h"
#include "table.h"

#define TASK_NAMES_MAX	    1024 /* further ones count together as NAME_OTHER */
#define TASK_NAMES_MAX_TIDS (1u << 19)

/* Numbers that are not a task's name. IDLE: no task; UNKNOWN: task unknown; UNNAMED: task known, name unknown. */
enum name_id { NAME_IDLE, NAME_UNKNOWN, NAME_UNNAMED, NAME_OTHER, NAME_RECORDER, NAME_FIRST };

struct task_names {
	uint32_t recorder;			       /* pid of this recording's tare; 0: unknown */
	struct table tids;			       /* tid to number */
	struct table ids;			       /* hash of a name to its number */
	char names[TASK_NAMES_MAX][TARE_COMM_LEN + 1]; /* not safe to print */
	uint32_t nr;
};

void task_names__init(struct task_names *n);
void task_names__free(struct task_names *n);

/* @tid is named @comm from now on. */
void task_names__set(struct task_names *n, uint32_t tid, const char *comm);
/* The same for a task of process @tgid: the recorder's own threads are NAME_RECORDER, whatever their name. */
void task_names__set_of(struct task_names *n, uint32_t tid, uint32_t tgid, const char *comm);
/* @tid ended; its name stays where it was counted. */
void task_names__forget(struct task_names *n, uint32_t tid);

/* The number of @tid's current name: NAME_IDLE for 0, NAME_UNNAMED if unknown. */
uint32_t task_names__of(const struct task_names *n, uint32_t tid);

#endif /* TARE_TASK_NAMES_H */
