// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "pb.h"

enum { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_LEN = 2 };

#define VARINT_MAX 10 /* bytes of a 64-bit varint */

void pb__free(struct pb *pb)
{
	free(pb->data);
	memset(pb, 0, sizeof(*pb));
}

/* Room for @more bytes at the end; NULL if out of memory. */
static uint8_t *pb__room(struct pb *pb, size_t more)
{
	if (!pb->err)
		pb->err = ARRAY_GROW(pb->data, pb->room, pb->len + more);
	return pb->err ? NULL : pb->data + pb->len;
}

static size_t put_varint(uint8_t *to, uint64_t v)
{
	size_t n = 0;

	for (; v > 0x7f; v >>= 7)
		to[n++] = (v & 0x7f) | 0x80;
	to[n++] = v;
	return n;
}

static void pb__varint(struct pb *pb, uint64_t v)
{
	uint8_t *to = pb__room(pb, VARINT_MAX);

	if (to)
		pb->len += put_varint(to, v);
}

void pb__raw(struct pb *pb, const void *data, size_t len)
{
	uint8_t *to = pb__room(pb, len);

	if (!to || !len)
		return;
	memcpy(to, data, len);
	pb->len += len;
}

void pb__int(struct pb *pb, uint32_t field, uint64_t value)
{
	pb__varint(pb, (uint64_t)field << 3 | WIRE_VARINT);
	pb__varint(pb, value);
}

static void put_64bit(struct pb *pb, uint64_t value)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = value >> (8 * i);
	pb__raw(pb, bytes, sizeof(bytes));
}

void pb__fixed64(struct pb *pb, uint32_t field, uint64_t value)
{
	pb__varint(pb, (uint64_t)field << 3 | WIRE_64BIT);
	put_64bit(pb, value);
}

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

void pb__double(struct pb *pb, uint32_t field, double value)
{
	pb__fixed64(pb, field, bits_of(value));
}

void pb__packed(struct pb *pb, uint32_t field, const uint64_t *values, size_t nr)
{
	size_t at;
	uint8_t *to;

	if (!nr)
		return;
	at = pb__open(pb, field);
	to = pb__room(pb, nr * VARINT_MAX);
	if (!to)
		return;
	for (size_t i = 0; i < nr; i++)
		to += put_varint(to, values[i]);
	pb->len = to - pb->data;
	pb__close(pb, at);
}

void pb__packed_fixed64(struct pb *pb, uint32_t field, const uint64_t *values, size_t nr)
{
	size_t at;

	if (!nr)
		return;
	at = pb__open(pb, field);
	for (size_t i = 0; i < nr; i++)
		put_64bit(pb, values[i]);
	pb__close(pb, at);
}

void pb__packed_double(struct pb *pb, uint32_t field, const double *values, size_t nr)
{
	size_t at;

	if (!nr)
		return;
	at = pb__open(pb, field);
	for (size_t i = 0; i < nr; i++)
		put_64bit(pb, bits_of(values[i]));
	pb__close(pb, at);
}

void pb__bytes(struct pb *pb, uint32_t field, const void *data, size_t len)
{
	pb__varint(pb, (uint64_t)field << 3 | WIRE_LEN);
	pb__varint(pb, len);
	pb__raw(pb, data, len);
}

void pb__string(struct pb *pb, uint32_t field, const char *s)
{
	pb__bytes(pb, field, s, strlen(s));
}

/* The length comes before the body but is known after it. Reserve one byte, which suffices for nearly all messages. */
size_t pb__open(struct pb *pb, uint32_t field)
{
	pb__varint(pb, (uint64_t)field << 3 | WIRE_LEN);
	pb__varint(pb, 0);
	return pb->len;
}

void pb__close(struct pb *pb, size_t opened)
{
	uint8_t head[VARINT_MAX];
	size_t body = pb->len - opened, n;

	if (pb->err)
		return;
	n = put_varint(head, body);
	if (!pb__room(pb, n - 1))
		return;
	memmove(pb->data + opened + n - 1, pb->data + opened, body);
	memcpy(pb->data + opened - 1, head, n);
	pb->len += n - 1;
}
