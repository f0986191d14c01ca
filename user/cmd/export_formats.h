/* SPDX-License-Identifier: BSD-2-Clause */
/* The formats of tare export, by name and by what a file's name ends in. */
#ifndef TARE_EXPORT_FORMATS_H
#define TARE_EXPORT_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "export.h"

/* The one called @name. NULL after saying which there are. */
const struct exporter *export_formats__find(const char *name);

/* The one whose files end as @out does, with or without ".gz". NULL after saying which endings there are. */
const struct exporter *export_formats__by_ending(const char *out);

/* Does @out, to be written as @format, ask for compression by ".gz"? */
bool export_formats__compresses(const struct exporter *format, const char *out);

/* Each with what it is, for --help. */
void export_formats__list(FILE *to);

#endif /* TARE_EXPORT_FORMATS_H */
