/* SPDX-License-Identifier: BSD-2-Clause */
/* A moment of a recording, as a user gives it. */
#ifndef TARE_MOMENT_H
#define TARE_MOMENT_H

#include <stdint.h>

struct model;

/*
 * @s, as given with @option: "1.5", "500ms": since @m, a finished recording, began; "14:30:01.5", "2026-01-31 14:30":
 * by the wall clock. *@ns: by the recording's own clock. Returns 0, or -EINVAL after saying what is wrong.
 */
int moment__parse(const char *option, const char *s, const struct model *m, uint64_t *ns);

#endif /* TARE_MOMENT_H */
