/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The HTTP side, by libmicrohttpd, in a thread of its own. A client that is slow, silent or many costs a bounded amount
 * of memory and time, and keeps nobody else out: when too many are connected, the one that has been longest must go,
 * and when too many old pages are read still, those who read the oldest.
 */
#ifndef TARE_SERVE_HTTP_H
#define TARE_SERVE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics.h"

struct http;

/* What is served. Called in the server's thread. */
struct http_source {
	/*
	 * Returns the page, which the server frees, and sets *@len; NULL: it cannot be had now. @scraper: who asks, by
	 * address and program; not 0.
	 */
	char *(*metrics)(void *ctx, enum metrics_format format, uint64_t scraper, size_t *len);
	/* NULL: all is well, else why not, static text. */
	const char *(*problem)(void *ctx);
	void *ctx;
};

/*
 * Listen on @address: "127.0.0.1:9435", "[::1]:9435", ":9435" (all addresses). Port 0: a free one. Returns 0 and sets
 * *@out, or, after saying why, a negative errno.
 */
int http__start(const char *address, const struct http_source *source, struct http **out);

/* Where it listens, as it goes into a URL. */
const char *http__address(const struct http *h);

/* NULL is fine. */
void http__stop(struct http *h);

#endif /* TARE_SERVE_HTTP_H */
