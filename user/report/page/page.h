/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording as one page of HTML: nothing from elsewhere, so it opens offline and can be mailed. The data goes into it
 * as one JSON object; user/report/page/ has the page's own HTML, CSS and scripts, which are part of the program.
 */
#ifndef TARE_PAGE_H
#define TARE_PAGE_H

#include <stdio.h>

#include "model.h"

#define PAGE_LANES     20  /* pauses that are drawn thread by thread, unless told otherwise .. */
#define PAGE_LANES_MAX 200 /* .. and at most: each has some 10 KB */

struct page_opts {
	bool pauses_first; /* for `tare pauses` */
	uint32_t longest;  /* pauses drawn thread by thread; 0: PAGE_LANES */
};

/*
 * Write the page of @m, finished, to @to. Reads @path, the same recording, once more: it must be a file. Returns 0,
 * -ENOMEM, -EIO if writing failed, or a negative errno after saying that it cannot be read.
 */
int report__page(const struct model *m, const char *path, const struct page_opts *opts, FILE *to);

#endif /* TARE_PAGE_H */
