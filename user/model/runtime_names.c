// SPDX-License-Identifier: BSD-2-Clause
#include "runtime_names.h"

#define MAX_NAME_LEN 256
#define NUMBER_BITS  24 /* reasons of Go before 1.21, the largest numbers so far, have 16: STRING_KEY() */
#define KIND_BITS    7

void runtime_names__init(struct runtime_names *n)
{
	table__init(&n->by_number, NAMES_MAX);
	intern__init(&n->texts, NAMES_MAX);
	table__init(&n->named, NAMES_MAX);
	n->first = 0;
}

void runtime_names__free(struct runtime_names *n)
{
	table__free(&n->by_number);
	intern__free(&n->texts);
	table__free(&n->named);
}

/* Returns TABLE_NO_KEY for numbers that cannot have a name here. */
static uint64_t key_of(uint32_t pid, unsigned kind, uint64_t nr)
{
	if (!kind || kind >> KIND_BITS || nr >> NUMBER_BITS)
		return TABLE_NO_KEY;
	return (uint64_t)pid << (KIND_BITS + NUMBER_BITS) | (uint64_t)kind << NUMBER_BITS | nr;
}

void runtime_names__event(struct runtime_names *n, const struct event *ev)
{
	const struct tare_number_name *head = ev->number_name.head;
	uint64_t key = key_of(head->pid, head->kind, head->number), *slot;
	size_t len = head->text_len < MAX_NAME_LEN ? head->text_len : MAX_NAME_LEN;

	slot = key == TABLE_NO_KEY ? NULL : table__add(&n->by_number, key);
	if (!slot)
		return;
	*slot = (uintptr_t)intern__keep(&n->texts, ev->number_name.text, len);
	n->first = n->first ?: head->pid;
	table__add(&n->named, head->pid);
}

void runtime_names__forget(struct runtime_names *n, uint32_t pid)
{
	const struct table_slot *slot;
	uint64_t keys[64];
	size_t pos, nr;

	if (!table__find(&n->named, pid))
		return;
	table__delete(&n->named, pid);
	do { /* a table must not change while it is walked through */
		nr = pos = 0;
		while (nr < sizeof(keys) / sizeof(keys[0]) && (slot = table__next(&n->by_number, &pos)))
			if (slot->key >> (KIND_BITS + NUMBER_BITS) == pid)
				keys[nr++] = slot->key;
		for (size_t i = 0; i < nr; i++)
			table__delete(&n->by_number, keys[i]);
	} while (nr);
}

const char *runtime_names__find(const struct runtime_names *n, uint32_t pid, enum tare_name_kind kind, uint64_t nr)
{
	/* an earlier recorder in a PID namespace told them by the numbers there, which events do not have: then all
	 * names are alike */
	uint64_t key = key_of(table__find(&n->named, pid) ? pid : n->first, kind, nr);
	const uint64_t *slot = key == TABLE_NO_KEY ? NULL : table__find(&n->by_number, key);

	return slot ? (const char *)*slot : NULL;
}
