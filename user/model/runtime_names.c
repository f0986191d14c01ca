// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime_names.h"

#define MAX_PIDS	(1u << 16)
#define MAX_NAME_LEN	256

void runtime_names__init(struct runtime_names *n)
{
	memset(n, 0, sizeof(*n));
	table__init(&n->by_pid, MAX_PIDS);
}

void runtime_names__free(struct runtime_names *n)
{
	for (unsigned s = 0; s < NAMES_MAX_SETS; s++) {
		for (unsigned i = 0; n->sets[s] && i < n->sets[s]->nr; i++) {
			free(n->sets[s]->at[i].key);
			free(n->sets[s]->at[i].name);
		}
		free(n->sets[s]);
	}
	table__free(&n->by_pid);
}

static const char *set__find(const struct name_set *s, const char *key)
{
	for (unsigned i = 0; s && i < s->nr; i++)
		if (!strcmp(s->at[i].key, key))
			return s->at[i].name;
	return NULL;
}

/* A name is never taken back: whoever found it holds on to it. */
static int set__add(struct runtime_names *n, unsigned set, const char *key, const char *value)
{
	struct name_set *s;

	if (set >= NAMES_MAX_SETS)
		return 1;
	s = n->sets[set] = n->sets[set] ?: calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	if (s->nr == NAMES_MAX || set__find(s, key))
		return 1;
	s->at[s->nr].key = strdup(key);
	s->at[s->nr].name = strndup(value, MAX_NAME_LEN);
	if (s->at[s->nr].key && s->at[s->nr].name) {
		s->nr++;
		return 1;
	}
	free(s->at[s->nr].key);
	free(s->at[s->nr].name);
	return -ENOMEM;
}

static bool is_name(const char *key)
{
	static const char *const kinds[] = { "stop_reason.", "gc_phase.", "wait_reason." };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(key, kinds[i], strlen(kinds[i])))
			return true;
	return false;
}

int runtime_names__info(struct runtime_names *n, const char *key, const char *value)
{
	unsigned number;
	int len = 0;
	uint64_t *set;

	if (is_name(key))
		return set__add(n, 0, key, value);
	if (sscanf(key, "names.%u/%n", &number, &len) == 1 && len && is_name(key + len))
		return set__add(n, number, key + len, value);
	if (sscanf(key, "names_of.%u%n", &number, &len) != 1 || key[len])
		return 0;
	set = table__add(&n->by_pid, number);
	if (set)
		*set = strtoul(value, NULL, 10);
	return 1;
}

const char *runtime_names__find(const struct runtime_names *n, uint32_t pid, const char *kind, uint64_t nr)
{
	const uint64_t *set = table__find(&n->by_pid, pid);
	char key[64];

	if (set && *set >= NAMES_MAX_SETS)
		return NULL;
	snprintf(key, sizeof(key), "%s.%" PRIu64, kind, nr);
	return set__find(n->sets[set ? *set : 0], key);
}
