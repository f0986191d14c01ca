// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any bytes as a recording: through the reader, the model and every consumer.
 * A frame's checksum is put right first, or nothing would ever get past it; but
 * a frame whose checksum is 0 keeps it, so that damage is met as well. The same
 * bytes are then read as what a compressed frame holds: no mutation finds those.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "export.h"
#include "reader.h"
#include "report.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct exporter *const exporters[] = {
#define X(name) &exporter_##name,
	EXPORTERS(X)
#undef X
};
#define NR_EXPORTERS (sizeof(exporters) / sizeof(exporters[0]))

static FILE *null;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	null = fopen("/dev/null", "w");
	if (!null)
		abort();
	return 0;
}

static void put_checksums_right(uint8_t *data, size_t size)
{
	struct tare_frame head;

	for (size_t pos = 0; pos + sizeof(head) <= size;) {
		memcpy(&head, data + pos, sizeof(head));
		if (head.magic != TARE_FRAME_MAGIC || head.len > size - pos - sizeof(head)) {
			pos++;
			continue;
		}
		if (head.crc) {
			head.crc = 0;
			head.crc = crc32(crc32(crc32(0, NULL, 0), (const Bytef *)&head, sizeof(head)),
					 data + pos + sizeof(head), head.len);
			memcpy(data + pos, &head, sizeof(head));
		}
		pos += sizeof(head) + head.len;
	}
}

/* Bytes of frames in all that come out of compressed ones at most. */
static uint64_t unpacked_bytes(const uint8_t *data, size_t size)
{
	struct tare_compressed packed;
	struct tare_frame head;
	uint64_t sum = 0;

	for (size_t pos = 0; pos + sizeof(head) + sizeof(packed) <= size; pos++) {
		memcpy(&head, data + pos, sizeof(head));
		memcpy(&packed, data + pos + sizeof(head), sizeof(packed));
		if (head.magic == TARE_FRAME_MAGIC && head.type == TARE_FRAME_COMPRESSED)
			sum += packed.bytes;
	}
	return sum;
}

/* @data is what a compressed frame holds. */
static void read_compressed(const uint8_t *data, size_t size)
{
	size_t room = ZSTD_compressBound(size);
	struct tare_frame head = { .magic = TARE_FRAME_MAGIC, .type = TARE_FRAME_COMPRESSED };
	struct tare_compressed packed = { TARE_ZSTD, size };
	uint8_t *file = malloc(sizeof(head) + sizeof(packed) + room);
	struct reader *r = NULL;
	struct event ev;

	if (!file)
		abort();
	head.len = ZSTD_compress(file + sizeof(head) + sizeof(packed), room, data, size, 1) + sizeof(packed);
	memcpy(file, &head, sizeof(head));
	memcpy(file + sizeof(head), &packed, sizeof(packed));
	head.crc = crc32(crc32(0, NULL, 0), file, sizeof(head) + head.len);
	memcpy(file, &head, sizeof(head));
	if (!reader__open_mem(file, sizeof(head) + head.len, &r))
		while (reader__next(r, &ev) > 0)
			;
	reader__close(r);
	free(file);
}

static void report(struct model *m)
{
	const struct report_opts opts = { .threads = true, .all = true, .probes = true };

	model__finish(m);
	report__head(m, null);
	report__text(m, null, &opts);
	if (report__json(m, null))
		abort(); /* whatever was read can be told */
}

static void export_twice(const struct exporter *format, const uint8_t *data, size_t size)
{
	struct export_opts opts = { 0 };
	struct model *m = model__new();
	struct reader *r = NULL;
	struct event ev;
	void *state;

	if (!m)
		abort();
	if (!reader__open_mem(data, size, &r)) {
		while (reader__next(r, &ev) > 0)
			if (export__take(&opts, m, &ev))
				abort();
		export__taken(&opts, m);
		reader__close(r);
		if (reader__open_mem(data, size, &r) || format->begin(null, &opts, &state))
			abort();
		while (reader__next(r, &ev) > 0)
			format->event(state, &ev);
		format->end(state);
	}
	reader__close(r);
	model__free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	void *state[NR_EXPORTERS] = { 0 };
	struct model *m = model__new();
	struct reader *r = NULL;
	uint64_t nr = 0;
	struct event ev;
	int ret;

	if (!m || (size && !copy))
		abort();
	if (size)
		memcpy(copy, data, size);
	put_checksums_right(copy, size);
	for (size_t i = 0; i < NR_EXPORTERS; i++) {
		if (!exporters[i]->twice && exporters[i]->begin(null, &(struct export_opts){ 0 }, &state[i]))
			abort();
	}
	if (!reader__open_mem(copy, size, &r)) {
		while ((ret = reader__next(r, &ev)) > 0) {
			nr++;
			if (model__event(m, &ev))
				abort();
			for (size_t i = 0; i < NR_EXPORTERS; i++)
				if (state[i])
					exporters[i]->event(state[i], &ev);
		}
		/* memory has no read errors; each event takes a byte at least */
		if (ret < 0 || nr > size + unpacked_bytes(copy, size))
			abort();
		m->late = reader__late(r);
		reader__close(r);
	}
	read_compressed(copy, size);
	report(m);
	for (size_t i = 0; i < NR_EXPORTERS; i++) {
		if (state[i])
			exporters[i]->end(state[i]);
		else
			export_twice(exporters[i], copy, size);
	}
	model__free(m);
	free(copy);
	return 0;
}
