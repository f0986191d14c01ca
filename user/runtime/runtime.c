// SPDX-License-Identifier: BSD-2-Clause
#include "runtime.h"

/* The first that recognises a process has it: native, which takes any, comes last. */
static const struct runtime *const runtimes[] = {
	&runtime_native,
};

const struct runtime *runtime__of(pid_t pid, char *version, size_t size)
{
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		version[0] = '\0';
		if (runtimes[i]->recognise(pid, version, size) > 0)
			return runtimes[i];
	}
	return &runtime_native;
}
