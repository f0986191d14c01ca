/* SPDX-License-Identifier: BSD-2-Clause */
/* Which Go built an executable whose build information is stripped, damaged or untrue, by its runtime's functions. */
#ifndef TARE_GOVERSION_H
#define TARE_GOVERSION_H

#include "pclntab.h"

/*
 * Write the version: by the string that runtime.schedinit looks at ("go1.26.8"), else by which functions the runtime
 * has ("go1.26 (by its functions)"). @version may come from the file: sanitize() it before display. Returns 0;
 * -ENOENT: the names of the runtime's functions are missing; -ERANGE: they match no known version, or several.
 */
int goversion__find(struct image *img, struct pclntab *table, char *version, size_t size);

/*
 * Does the file have a Go runtime that it would run? By its function table or, if that cannot be read, by what else
 * only Go's linker makes. A plugin has a copy of a runtime that never runs, so it has none. @version as above, "" if
 * unknown.
 */
bool goversion__has_runtime(struct image *img, char *version, size_t size);

#endif /* TARE_GOVERSION_H */
