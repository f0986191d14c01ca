// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "array.h"
#include "block.h"
#include "util.h"

/* What damage of one byte costs. A server's recording is 5 % larger with 64 KB, and 1 % smaller with 1 MB. */
#define FULL_BYTES (256u << 10)

/*
 * What a thrifty one may take: so much of a CPU, and what it has not taken of that in the last second. At level 1 it is
 * enough for 8 MB, or 280,000 switches, a second; beyond, frames are compressed faster, at a third more bytes, and
 * where that is too dear as well they are stored.
 */
#define BUDGET_PERCENT 2
#define BUDGET_MAX_NS  (NSEC_PER_SEC / 100 * BUDGET_PERCENT)
#define FAST_LEVEL     (-3)

struct block {
	ZSTD_CCtx *zstd;
	int level;
	bool thrifty;
	int64_t budget_ns; /* CPU time left; of .budgeted_ns */
	uint64_t budgeted_ns;
	unsigned char *frames, *packed;
	size_t used, room, packed_room;
	uint64_t since_ns;
	struct tare_compressed head;
};

struct block *block__new(int level, bool thrifty)
{
	struct block *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->zstd = ZSTD_createCCtx();
	if (!b->zstd || ARRAY_GROW(b->frames, b->room, FULL_BYTES)) {
		block__free(b);
		return NULL;
	}
	b->level = level;
	b->thrifty = thrifty;
	b->budget_ns = BUDGET_MAX_NS;
	b->budgeted_ns = now_ns();
	return b;
}

void block__free(struct block *b)
{
	if (!b)
		return;
	ZSTD_freeCCtx(b->zstd);
	free(b->frames);
	free(b->packed);
	free(b);
}

uint64_t block__bytes(const struct block *b)
{
	return b->used;
}

uint64_t block__since_ns(const struct block *b)
{
	return b->since_ns;
}

bool block__has_room(const struct block *b, const struct tare_frame *head)
{
	return !b->used || b->used + sizeof(*head) + head->len <= FULL_BYTES;
}

bool block__is_full(const struct block *b)
{
	return b->used >= FULL_BYTES / 8 * 7;
}

static void block__append(struct block *b, const void *data, size_t len)
{
	if (len)
		memcpy(b->frames + b->used, data, len);
	b->used += len;
}

/* One long frame shall not cost memory for ever. */
static void block__shrink(struct block *b)
{
	if (b->used || b->room <= 2 * FULL_BYTES)
		return;
	free(b->frames);
	free(b->packed);
	b->frames = b->packed = NULL;
	b->room = b->packed_room = 0;
}

int block__add(struct block *b, const struct tare_frame *head, const struct iovec *iov, int nr)
{
	block__shrink(b);
	if (ARRAY_GROW(b->frames, b->room, b->used + sizeof(*head) + head->len))
		return -ENOMEM;
	if (!b->used)
		b->since_ns = now_ns();
	block__append(b, head, sizeof(*head));
	for (int i = 0; i < nr; i++)
		block__append(b, iov[i].iov_base, iov[i].iov_len);
	return 0;
}

/* The level for what is in it now; 0: none. */
static int block__level(struct block *b)
{
	uint64_t now = now_ns();

	if (!b->thrifty)
		return b->level;
	b->budget_ns += (now - b->budgeted_ns) * BUDGET_PERCENT / 100;
	b->budgeted_ns = now;
	if (b->budget_ns > (int64_t)BUDGET_MAX_NS)
		b->budget_ns = BUDGET_MAX_NS;
	return b->budget_ns > (int64_t)BUDGET_MAX_NS / 2 ? b->level : b->budget_ns > 0 ? FAST_LEVEL : 0;
}

/* Sets *@bytes to the length of .packed. Returns 0 or -ENOMEM. */
static int block__compress(struct block *b, int level, size_t *bytes)
{
	uint64_t began = thread_cpu_ns();

	if (ARRAY_GROW(b->packed, b->packed_room, ZSTD_compressBound(b->used)))
		return -ENOMEM;
	ZSTD_CCtx_setParameter(b->zstd, ZSTD_c_compressionLevel, level);
	*bytes = ZSTD_compress2(b->zstd, b->packed, b->packed_room, b->frames, b->used);
	if (ZSTD_isError(*bytes)) /* there is room for the result */
		return -ENOMEM;
	b->budget_ns -= thread_cpu_ns() - began;
	return 0;
}

int block__pack(struct block *b, struct iovec iov[BLOCK_PIECES], uint32_t *len)
{
	int level = block__level(b), ret;
	size_t bytes = b->used;

	ret = level ? block__compress(b, level, &bytes) : 0;
	if (ret)
		return ret;
	b->head = (struct tare_compressed){ .method = level ? TARE_ZSTD : TARE_STORED, .bytes = b->used };
	b->used = 0;
	iov[0] = (struct iovec){ &b->head, sizeof(b->head) };
	iov[1] = (struct iovec){ level ? b->packed : b->frames, bytes };
	*len = sizeof(b->head) + bytes;
	return 0;
}

const char *unpacked__fill(struct unpacked *u, const void *payload, size_t len)
{
	struct tare_compressed head;

	u->at = u->len = 0;
	if (len < sizeof(head))
		return "a compressed frame is too short";
	memcpy(&head, payload, sizeof(head));
	if (head.method != TARE_ZSTD && head.method != TARE_STORED)
		return "a frame is compressed in a way that this tare does not know";
	if (head.bytes > TARE_COMPRESSED_MAX)
		return "a compressed frame holds more than any may";
	if (!u->zstd)
		u->zstd = ZSTD_createDCtx();
	if (!u->zstd || ARRAY_GROW(u->frames, u->room, head.bytes + 1ul))
		return "there is no memory to decompress a frame";
	payload = (const char *)payload + sizeof(head);
	len -= sizeof(head);
	/* the result must be as long as was said: what would be longer is not written */
	if (head.method == TARE_STORED ?
		    len != head.bytes :
		    ZSTD_decompressDCtx(u->zstd, u->frames, head.bytes, payload, len) != head.bytes)
		return "a compressed frame cannot be decompressed";
	if (head.method == TARE_STORED)
		memcpy(u->frames, payload, len);
	u->len = head.bytes;
	return NULL;
}

const unsigned char *unpacked__next(struct unpacked *u, struct tare_frame *head)
{
	const unsigned char *frame = u->frames + u->at;

	if (u->len - u->at < sizeof(*head))
		return NULL;
	memcpy(head, frame, sizeof(*head));
	if (head->magic != TARE_FRAME_MAGIC || head->len > u->len - u->at - sizeof(*head) ||
	    head->len > TARE_FRAME_MAX || head->type == TARE_FRAME_HEADER || head->type == TARE_FRAME_COMPRESSED)
		return NULL;
	u->at += sizeof(*head) + head->len;
	return frame + sizeof(*head);
}

void unpacked__free(struct unpacked *u)
{
	ZSTD_freeDCtx(u->zstd);
	free(u->frames);
	*u = (struct unpacked){ 0 };
}
