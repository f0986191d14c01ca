// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "hash.h"
#include "task_names.h"

void task_names__init(struct task_names *n)
{
	static const char *const fixed[] = {
		[NAME_IDLE] = "idle",	[NAME_UNKNOWN] = "unknown", [NAME_UNNAMED] = "unnamed",
		[NAME_OTHER] = "other", [NAME_RECORDER] = "tare",
	};

	memset(n, 0, sizeof(*n));
	table__init(&n->tids, TASK_NAMES_MAX_TIDS);
	table__init(&n->ids, TASK_NAMES_MAX);
	for (n->nr = 0; n->nr < NAME_FIRST; n->nr++)
		strcpy(n->names[n->nr], fixed[n->nr]);
}

void task_names__free(struct task_names *n)
{
	table__free(&n->tids);
	table__free(&n->ids);
}

static uint64_t name_hash(const char *s)
{
	uint64_t h = hash__add(HASH_BEGIN, s, strlen(s));

	return h == TABLE_NO_KEY ? 0 : h;
}

static uint32_t task_names__intern(struct task_names *n, const char *name)
{
	uint64_t *id = table__find(&n->ids, name_hash(name));

	/* two names with one hash share a row: not worth handling */
	if (id)
		return *id;
	if (n->nr >= TASK_NAMES_MAX)
		return NAME_OTHER;
	id = table__add(&n->ids, name_hash(name));
	if (!id)
		return NAME_OTHER;
	strcpy(n->names[n->nr], name);
	return *id = n->nr++;
}

void task_names__set(struct task_names *n, uint32_t tid, const char *comm)
{
	char name[TARE_COMM_LEN + 1] = "";
	uint64_t *id;

	strncat(name, comm, TARE_COMM_LEN);
	id = table__add(&n->tids, tid);
	if (id)
		*id = task_names__intern(n, name);
}

void task_names__set_of(struct task_names *n, uint32_t tid, uint32_t tgid, const char *comm)
{
	uint64_t *id;

	if (!n->recorder || tgid != n->recorder) {
		task_names__set(n, tid, comm);
		return;
	}
	id = table__add(&n->tids, tid);
	if (id)
		*id = NAME_RECORDER;
}

void task_names__forget(struct task_names *n, uint32_t tid)
{
	table__delete(&n->tids, tid);
}

uint32_t task_names__of(const struct task_names *n, uint32_t tid)
{
	const uint64_t *id;

	if (!tid)
		return NAME_IDLE;
	id = table__find(&n->tids, tid);
	return id ? *id : NAME_UNNAMED;
}
