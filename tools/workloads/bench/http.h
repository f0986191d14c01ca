/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of HTTP/1.1 as the scenarios server and serve need: GET without a body, kept alive. The one resource is
 * /work?seed=N, to do some work and answer with its number; in server: fill memory with numbers from N on, and add them
 * up, so that the client knows what must come back. / is the same with seed 0.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HTTP_MOST_BYTES 2048 /* of a request's or an answer's head */

/* A connection, however its owner reads and writes: negative errno; read: 0 at its end; write: all of it */
struct http_stream {
	void *arg;
	ssize_t (*read)(void *arg, void *buf, size_t len);
	ssize_t (*write)(void *arg, const void *buf, size_t len);
	uint64_t (*work)(void *arg, uint64_t seed);
};

/* Answers requests until the peer ends, asks to, or sends what is no request. 0, or negative errno. */
int http__serve(const struct http_stream *stream);
/* The same for the *len bytes at buf that have come. 1: more may follow, with *len bytes kept, 0: it was the last one
 */
int http__serve_buffered(const struct http_stream *stream, char *buf, size_t *len);

/* Bytes written, at most HTTP_MOST_BYTES */
size_t http__request(char *buf, size_t size, uint64_t seed);
size_t http__request_root(char *buf, size_t size, uint64_t seed); /* GET /, whatever the seed */
/* An answer at the start of buf: its length, 0: not complete yet, -EPROTO: none */
ssize_t http__answer(const char *buf, size_t len, int *status, uint64_t *sum);

uint64_t http__fill(void *memory, size_t bytes, uint64_t seed); /* the work: returns the sum */
uint64_t http__expected(size_t bytes, uint64_t seed);		/* the same without memory */

#endif
