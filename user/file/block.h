/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames on their way into one TARE_FRAME_COMPRESSED, and out of it again. */
#ifndef TARE_BLOCK_H
#define TARE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "format.h"

struct block;

/* Compresses at zstd's level @level; @thrifty: where there is less CPU time for it, less well. NULL: no memory. */
struct block *block__new(int level, bool thrifty);
void block__free(struct block *b); /* NULL is fine */

/* Bytes of the frames in it, and when the first of them came (CLOCK_MONOTONIC). */
uint64_t block__bytes(const struct block *b);
uint64_t block__since_ns(const struct block *b);

/* Is there room for the frame that @head begins? There is in an empty one. */
bool block__has_room(const struct block *b, const struct tare_frame *head);

/* Enough is in it to compress well: more would gain little, and be lost together with it. */
bool block__is_full(const struct block *b);

/* Add the frame of @head and the @nr pieces of @iov. Returns 0 or -ENOMEM. */
int block__add(struct block *b, const struct tare_frame *head, const struct iovec *iov, int nr);

/*
 * Take all frames out: the payload of a TARE_FRAME_COMPRESSED is @iov, valid until the next call for @b, of *@len bytes
 * in all. Returns 0 or a negative errno.
 */
#define BLOCK_PIECES 2
int block__pack(struct block *b, struct iovec iov[BLOCK_PIECES], uint32_t *len);

/* Frames out of a TARE_FRAME_COMPRESSED; zero-initialise. Input is not trusted. */
struct unpacked {
	unsigned char *frames; /* of .len bytes; those from .at on are still to be taken */
	size_t at, len, room;
	struct ZSTD_DCtx_s *zstd;
};

/* Unpack @payload of @len bytes. Returns NULL, or what is wrong with it. */
const char *unpacked__fill(struct unpacked *u, const void *payload, size_t len);

/* The next frame of it: its payload, with *@head filled, valid until the next unpacked__fill(); NULL: no whole one. */
const unsigned char *unpacked__next(struct unpacked *u, struct tare_frame *head);

void unpacked__free(struct unpacked *u);

#endif /* TARE_BLOCK_H */
