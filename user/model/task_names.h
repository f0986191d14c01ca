/* SPDX-License-Identifier: BSD-2-Clause */
/* What tasks are called, targets and others: each different name once, by a number. */
#ifndef TARE_TASK_NAMES_H
#define TARE_TASK_NAMES_H

#include "event.h"
#include "table.h"

#define TASK_NAMES_MAX	    1024 /* further ones are counted together as NAME_OTHER */
#define TASK_NAMES_MAX_TIDS (1u << 19)

/* The numbers that stand for no name of a task. IDLE: no task; UNKNOWN: which task is not known; UNNAMED: its name is
 * not. */
enum name_id { NAME_IDLE, NAME_UNKNOWN, NAME_UNNAMED, NAME_OTHER, NAME_RECORDER, NAME_FIRST };

struct task_names {
	uint32_t recorder;			       /* process that made this recording; 0: not known */
	struct table tids;			       /* tid to number */
	struct table ids;			       /* hash of a name to its number */
	char names[TASK_NAMES_MAX][TARE_COMM_LEN + 1]; /* as they came: not safe to print */
	uint32_t nr;
};

void task_names__init(struct task_names *n);
void task_names__free(struct task_names *n);

/* @tid is called @comm from now on. */
void task_names__set(struct task_names *n, uint32_t tid, const char *comm);
/* The same of a task of process @tgid: threads of the recorder itself are NAME_RECORDER, whatever they are called. */
void task_names__set_of(struct task_names *n, uint32_t tid, uint32_t tgid, const char *comm);
/* @tid ended; its name stays where it was counted. */
void task_names__forget(struct task_names *n, uint32_t tid);

/* The number of what @tid is called now: NAME_IDLE for 0, NAME_UNNAMED where nobody told. */
uint32_t task_names__of(const struct task_names *n, uint32_t tid);

#endif /* TARE_TASK_NAMES_H */
