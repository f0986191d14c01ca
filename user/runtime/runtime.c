// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "runtime.h"

/* The first that recognises a program has it: native, which takes any, comes last. */
static const struct runtime *const runtimes[] = {
	&runtime_weft,
	&runtime_go,
	&runtime_loader,
	&runtime_native,
};

const struct runtime *runtime__of(struct image *img, char *version, size_t size)
{
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		version[0] = '\0';
		if (runtimes[i]->recognise(img, version, size) > 0)
			return runtimes[i];
	}
	return &runtime_native;
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
