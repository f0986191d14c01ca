/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the protobuf wire format into memory. Hand-written: it takes a hundred lines, while the C library allocates
 * for every message and needs a generator at build time.
 *
 * A failed allocation is remembered: later calls do nothing, and pb__error() returns the error. So a message can be
 * written without checking each step.
 */
#ifndef TARE_PB_H
#define TARE_PB_H

#include <stddef.h>
#include <stdint.h>

struct pb {
	uint8_t *data;
	size_t len, room;
	int err;
};

void pb__free(struct pb *pb);
static inline void pb__reset(struct pb *pb)
{
	pb->len = 0;
}
/* 0 or -ENOMEM */
static inline int pb__error(const struct pb *pb)
{
	return pb->err;
}

/* An integer field of any type except sint*, fixed* and float. Sign-extend a negative int32 or int64. */
void pb__int(struct pb *pb, uint32_t field, uint64_t value);
void pb__fixed64(struct pb *pb, uint32_t field, uint64_t value);
void pb__double(struct pb *pb, uint32_t field, double value);
void pb__bytes(struct pb *pb, uint32_t field, const void *data, size_t len);
/* @s must be UTF-8. */
void pb__string(struct pb *pb, uint32_t field, const char *s);
/* A repeated field of @nr numbers, packed: as pb__int(), pb__fixed64() and pb__double() take them. None: nothing. */
void pb__packed(struct pb *pb, uint32_t field, const uint64_t *values, size_t nr);
void pb__packed_fixed64(struct pb *pb, uint32_t field, const uint64_t *values, size_t nr);
void pb__packed_double(struct pb *pb, uint32_t field, const double *values, size_t nr);
/* Bytes already encoded. */
void pb__raw(struct pb *pb, const void *data, size_t len);

/* A nested message: what is written between open and close is its body. Messages can nest further. */
size_t pb__open(struct pb *pb, uint32_t field);
void pb__close(struct pb *pb, size_t opened);

#endif /* TARE_PB_H */
