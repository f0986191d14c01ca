/* SPDX-License-Identifier: BSD-2-Clause */
/* The page's own HTML, CSS and scripts. */
#ifndef TARE_PAGE_FILES_H
#define TARE_PAGE_FILES_H

#include <stdio.h>

/* All that comes before the page's data, and all that comes after it. */
void page_files__head(FILE *to);
void page_files__tail(FILE *to);

#endif /* TARE_PAGE_FILES_H */
