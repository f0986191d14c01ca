/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: records and recordings put together by hand, as in bpf/format.h, and the messages on standard error. */
#ifndef TARE_TEST_RECORDS_H
#define TARE_TEST_RECORDS_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "event.h"
#include "util.h"

/* Bytes that grow; free() .data. */
struct bytes {
	unsigned char *data;
	size_t len, room;
};

static inline void bytes__add(struct bytes *b, const void *data, size_t len)
{
	if (b->len + len > b->room) {
		b->room = (b->len + len) * 2;
		b->data = realloc(b->data, b->room);
		assert_non_null(b->data);
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static inline struct tare_rec rec_head(int kind, uint64_t ts_ns, size_t size, uint16_t flags)
{
	return (struct tare_rec){ .ts_lo = ts_ns, .kind = kind, .words = size / 4, .flags = flags };
}

static inline void add_sync(struct bytes *b, uint64_t ts_ns)
{
	struct tare_sync r = { rec_head(TARE_REC_SYNC, ts_ns, sizeof(r), 0), ts_ns >> 32 };

	bytes__add(b, &r, sizeof(r));
}

static inline void add_migrate(struct bytes *b, uint64_t ts_ns, uint32_t tid, uint16_t from, uint16_t to)
{
	struct tare_migrate r = { rec_head(TARE_REC_MIGRATE, ts_ns, sizeof(r), 0), tid, from, to };

	bytes__add(b, &r, sizeof(r));
}

static inline void add_unknown(struct bytes *b, uint64_t ts_ns, unsigned words)
{
	unsigned char r[255 * 4] = { 0 };
	struct tare_rec head = rec_head(200, ts_ns, words * 4, 0xffff);

	memset(r, 0xab, sizeof(r));
	memcpy(r, &head, sizeof(head));
	bytes__add(b, r, words * 4);
}

/* Redirect standard error to a file. */
struct capture {
	int saved, fd;
	char text[4096];
};

static inline void capture__begin(struct capture *c)
{
	char path[] = "/tmp/tare-stderr.XXXXXX";

	fflush(stderr);
	c->fd = mkstemp(path);
	assert_true(c->fd >= 0);
	unlink(path);
	c->saved = dup(2);
	assert_int_equal(dup2(c->fd, 2), 2);
}

/* Restore it. Returns what was written. */
static inline const char *capture__end(struct capture *c)
{
	ssize_t n;

	fflush(stderr);
	dup2(c->saved, 2);
	close(c->saved);
	n = pread(c->fd, c->text, sizeof(c->text) - 1, 0);
	close(c->fd);
	assert_true(n >= 0);
	c->text[n] = '\0';
	return c->text;
}

#endif /* TARE_TEST_RECORDS_H */
