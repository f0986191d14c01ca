/* SPDX-License-Identifier: BSD-2-Clause */
/* The formats that other tools read. A new one is a new file and one more name in EXPORTERS. */
#ifndef TARE_EXPORT_H
#define TARE_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "event.h"

/*
 * Events come in as reader__next() gives them. Each function returns 0 or a
 * negative errno; where writing to the file failed, that of the write.
 */
struct exporter {
	const char *name, *what;
	bool binary; /* not for a terminal */
	/* Start writing to @to, which stays the caller's. Sets *@state; after a failure nothing is to be freed. */
	int (*begin)(FILE *to, void **state);
	int (*event)(void *state, const struct event *ev);
	/* Write what is pending, unless writing failed before, and free @state in any case. */
	int (*end)(void *state);
};

/* exporter_NAME for each, in the order in which they are listed to the user */
#define EXPORTERS(X)   \
	X(perfetto)    \
	X(perf_script) \
	X(json_lines)

#define DECLARE_EXPORTER(name) extern const struct exporter exporter_##name;
EXPORTERS(DECLARE_EXPORTER)
#undef DECLARE_EXPORTER

#endif /* TARE_EXPORT_H */
