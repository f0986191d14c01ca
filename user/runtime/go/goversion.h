/* SPDX-License-Identifier: BSD-2-Clause */
/* Which Go made an executable whose build information is stripped, damaged or untrue: as its runtime's functions tell.
 */
#ifndef TARE_GOVERSION_H
#define TARE_GOVERSION_H

#include "pclntab.h"

/*
 * Write the version: by the string that runtime.schedinit looks at ("go1.26.8"), else by which functions there are in
 * the runtime ("go1.26 (by its functions)"). @version may come from the file: sanitize() it before it is shown. Returns
 * 0; -ENOENT: the names of the runtime's functions are not there; -ERANGE: they are those of no version that is known,
 * or of several.
 */
int goversion__find(struct image *img, struct pclntab *table, char *version, size_t size);

/*
 * Has the file a runtime of Go that it would run? By its function table, or, where that cannot be read, by what else
 * only Go's linker makes. A plugin has a copy of a runtime that never runs, and is none. @version as below, "" where it
 * is not known.
 */
bool goversion__has_runtime(struct image *img, char *version, size_t size);

#endif /* TARE_GOVERSION_H */
