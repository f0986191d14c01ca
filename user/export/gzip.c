// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "gzip.h"

#define GZIP_WINDOW (15 + 16) /* the largest, and a gzip header */
#define MEM_LEVEL   9
#define PIECE	    65536

struct gzip {
	z_stream z;
	FILE *from, *to;    /* .from: what is written to */
	int err;	    /* the first */
	char buffer[PIECE]; /* stdio's */
};

/* Compress what z->next_in has. */
static int run(struct gzip *g, int flush)
{
	unsigned char out[PIECE];
	size_t len;

	do {
		g->z.next_out = out;
		g->z.avail_out = sizeof(out);
		if (deflate(&g->z, flush) == Z_STREAM_ERROR)
			return -EIO;
		len = sizeof(out) - g->z.avail_out;
		errno = 0;
		if (fwrite(out, 1, len, g->to) != len)
			return -(errno ? errno : EIO);
	} while (!g->z.avail_out);
	return 0;
}

/* For stdio: returns 0 with errno set if it fails. */
static ssize_t on_write(void *cookie, const char *data, size_t len)
{
	struct gzip *g = cookie;

	g->z.next_in = (unsigned char *)data;
	g->z.avail_in = len;
	if (!g->err)
		g->err = run(g, Z_NO_FLUSH);
	errno = -g->err;
	return g->err ? 0 : len;
}

struct gzip *gzip__open(FILE *to)
{
	static const cookie_io_functions_t functions = { .write = on_write };
	struct gzip *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->to = to;
	if (deflateInit2(&g->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEM_LEVEL, Z_DEFAULT_STRATEGY) ==
	    Z_OK) {
		g->from = fopencookie(g, "w", functions);
		if (g->from && !setvbuf(g->from, g->buffer, _IOFBF, sizeof(g->buffer)))
			return g;
		deflateEnd(&g->z);
	}
	if (g->from)
		fclose(g->from);
	free(g);
	return NULL;
}

FILE *gzip__stream(struct gzip *g)
{
	return g->from;
}

int gzip__close(struct gzip *g)
{
	int ret = 0;

	errno = EIO;
	if (fclose(g->from))
		ret = -errno;
	g->z.avail_in = 0;
	ret = g->err ?: ret ?: run(g, Z_FINISH);
	deflateEnd(&g->z);
	free(g);
	return ret;
}
