// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "runtime.h"

/* runtime_NAME for each. The first that recognises a program gets it: native takes any, so it comes last. */
#define RUNTIMES(X) \
	X(weft)     \
	X(go)       \
	X(loader)   \
	X(native)

#define DECLARE_RUNTIME(name) extern const struct runtime runtime_##name;
RUNTIMES(DECLARE_RUNTIME)

#define LIST_RUNTIME(name) &runtime_##name,
static const struct runtime *const runtimes[] = { RUNTIMES(LIST_RUNTIME) };

const struct runtime *runtime__of(struct image *img, char *version, size_t size)
{
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		version[0] = '\0';
		if (runtimes[i]->recognise(img, version, size) > 0)
			return runtimes[i];
	}
	return &runtime_native;
}

const struct run_trace_format *run_trace__format(FILE *from, char *why, size_t size)
{
	char head[RUN_TRACE_HEAD], what[128];
	size_t len;

	rewind(from);
	len = fread(head, 1, sizeof(head), from);
	rewind(from);
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		const struct run_trace_format *format = runtimes[i]->trace;
		int ret = format ? format->recognise(head, len, why, size) : 0;

		if (ret)
			return ret > 0 ? format : NULL;
	}
	snprintf(why, size, "not %s", run_trace__what(what, sizeof(what)));
	return NULL;
}

const char *run_trace__what(char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]) && len < size; i++) {
		if (runtimes[i]->trace)
			len += snprintf(buf + len, size - len, "%s%s", len ? " or " : "", runtimes[i]->trace->what);
	}
	return buf;
}

bool runtime__is_language(const struct runtime *rt)
{
	return rt != &runtime_native && !rt->tells_nothing;
}

const struct runtime *runtime__at(size_t i)
{
	return i < sizeof(runtimes) / sizeof(runtimes[0]) ? runtimes[i] : NULL;
}

uint32_t runtime_cost__find(const struct runtime_cost *costs, const char *function)
{
	for (const struct runtime_cost *c = costs; c && c->function; c++) {
		size_t len = strlen(c->function);
		bool begins = len && c->function[len - 1] == '*';

		if (begins ? !strncmp(c->function, function, len - 1) : !strcmp(c->function, function))
			return (uint32_t)c->cost << TARE_SYMBOL_COST_SHIFT | c->flags;
	}
	return 0;
}

int runtime_probes__add(struct runtime_probes *list, const struct runtime_probe *probe)
{
	if (ARRAY_GROW(list->probes, list->room, list->nr + 1))
		return -ENOMEM;
	list->probes[list->nr++] = *probe;
	return 0;
}

void runtime_probes__free(struct runtime_probes *list)
{
	free(list->probes);
	*list = (struct runtime_probes){ 0 };
}

void heap_profile__free(struct heap_profile *heap)
{
	free(heap->stacks);
	free(heap->pcs);
	*heap = (struct heap_profile){ 0 };
}
