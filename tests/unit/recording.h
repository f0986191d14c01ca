/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: recordings written frame by frame into a folder that is removed at the end, and read again. */
#ifndef TARE_TEST_RECORDING_H
#define TARE_TEST_RECORDING_H

#include <sys/stat.h>

#include "reader.h"
#include "records.h"
#include "writer.h"

static char dir[] = "/tmp/tare-file.XXXXXX";

static inline const char *in_dir(const char *name)
{
	static char path[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static inline int set_up(void **unused)
{
	return mkdtemp(dir) ? 0 : -1;
}

static inline int tear_down(void **unused)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static inline struct writer *create(const char *name)
{
	struct writer *w;

	assert_int_equal(writer__open(in_dir(name), &w), 0);
	return w;
}

static inline void frame(struct writer *w, int type, int cpu, uint64_t ts_ns, const void *data, size_t len)
{
	struct iovec iov = { (void *)data, len };

	assert_int_equal(writer__frame(w, type, cpu, ts_ns, &iov, 1), 0);
}

/* An EVENTS frame of the contents of @b, which is empty afterwards. */
static inline void events(struct writer *w, int cpu, uint64_t base_ns, struct bytes *b)
{
	frame(w, TARE_FRAME_EVENTS, cpu, base_ns, b->data, b->len);
	b->len = 0;
}

static inline void round_at(struct writer *w, uint64_t ts_ns)
{
	assert_int_equal(writer__frame(w, TARE_FRAME_ROUND, 0, ts_ns, NULL, 0), 0);
}

static inline void header(struct writer *w)
{
	struct tare_header h = { .version = TARE_FORMAT_VERSION,
				 .arch = TARE_ARCH_X86_64,
				 .nr_cpus = 2,
				 .page_size = 4096,
				 .mono_ns = 5,
				 .boot_ns = 6,
				 .real_ns = 7,
				 .ticks_hz = 100 };

	frame(w, TARE_FRAME_HEADER, 0, 5, &h, sizeof(h));
}

static inline struct bytes slurp(const char *path)
{
	struct bytes b = { 0 };
	unsigned char buf[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		bytes__add(&b, buf, n);
	close(fd);
	return b;
}

static inline struct reader *open_file(const char *name)
{
	struct reader *r;

	assert_int_equal(reader__open(in_dir(name), &r), 0);
	return r;
}

static inline void next_is(struct reader *r, struct event *ev, enum event_kind kind)
{
	assert_int_equal(reader__next(r, ev), 1);
	assert_int_equal(ev->kind, kind);
}

static inline void migrate_is(struct reader *r, uint64_t ts_ns, unsigned cpu, uint32_t tid)
{
	struct event ev;

	next_is(r, &ev, EVENT_MIGRATE);
	assert_true(ev.ts_ns == ts_ns);
	assert_int_equal(ev.cpu, cpu);
	assert_int_equal(ev.migrate.tid, tid);
}

static inline void end_is(struct reader *r)
{
	struct event ev;

	assert_int_equal(reader__next(r, &ev), 0);
	assert_int_equal(reader__next(r, &ev), 0); /* and stays so */
	assert_int_equal(reader__late(r), 0);
	reader__close(r);
}

#endif /* TARE_TEST_RECORDING_H */
