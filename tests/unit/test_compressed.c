// SPDX-License-Identifier: BSD-2-Clause
/* Recordings whose frames are compressed: what goes in comes out, and of damage, lies and bombs no more is lost. */
#include <zlib.h>
#include <zstd.h>

#include "recording.h"

#define ROUNDS	  16
#define PER_ROUND 3000 /* of 16 bytes: five rounds are compressed together */

static struct writer *create_packed(const char *name, int level)
{
	struct writer *w = create(name);

	assert_int_equal(writer__compress(w, level), 0);
	header(w);
	return w;
}

/* Migrations of threads 0, 1, 2, ..., each a ns later; with rounds between. Returns the file. */
static struct bytes many_records(const char *name, int level)
{
	struct writer *w = create_packed(name, level);
	struct bytes b = { 0 };
	uint64_t ts_ns = 1;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t base_ns = ts_ns;

		for (unsigned i = 0; i < PER_ROUND; i++, ts_ns++)
			add_migrate(&b, ts_ns, ts_ns - 1, 0, 0);
		events(w, 0, base_ns, &b);
		round_at(w, ts_ns);
	}
	free(b.data);
	assert_int_equal(writer__close(w), 0);
	return slurp(in_dir(name));
}

/* How many records come out of @b, each at its time; *@lost: bytes of the file that are said to be damaged. */
static unsigned count_records(const struct bytes *b, uint64_t *lost, const char **what)
{
	unsigned nr = 0;
	struct reader *r;
	struct event ev;

	*lost = 0;
	*what = "";
	if (reader__open_mem(b->data, b->len, &r))
		return 0;
	while (reader__next(r, &ev) == 1) {
		nr += ev.kind == EVENT_MIGRATE;
		if (ev.kind == EVENT_MIGRATE)
			assert_int_equal(ev.ts_ns, ev.migrate.tid + 1);
		if (ev.kind != EVENT_DAMAGE)
			continue;
		assert_true(ev.damage.offset + ev.damage.bytes <= b->len);
		*lost += ev.damage.bytes;
		*what = ev.damage.what;
	}
	reader__close(r);
	return nr;
}

static void what_goes_in_comes_out(void **unused)
{
	const int levels[] = { 0, 1, WRITER_MAX_LEVEL, WRITER_WITHIN_BUDGET };
	const char *what;
	size_t raw = 0;
	uint64_t lost;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct bytes b = many_records("whole", levels[i]);

		assert_int_equal(count_records(&b, &lost, &what), ROUNDS * PER_ROUND);
		assert_int_equal(lost, 0);
		raw = levels[i] ? raw : b.len;
		if (levels[i] > 0)
			assert_true(b.len < raw / 2);
		free(b.data);
	}
}

/* The frames of @b: where each begins, and last the end. Returns how many. */
static size_t frames_of(const struct bytes *b, size_t *at, size_t room)
{
	struct tare_frame head;
	size_t nr = 0, pos;

	for (pos = 0; pos < b->len; pos += sizeof(head) + head.len) {
		assert_true(nr + 1 < room);
		at[nr++] = pos;
		memcpy(&head, b->data + pos, sizeof(head));
		assert_int_equal(head.magic, TARE_FRAME_MAGIC);
	}
	assert_int_equal(pos, b->len);
	at[nr] = pos;
	return nr;
}

static void damage_costs_one_block(void **unused)
{
	struct bytes b = many_records("damaged", 1);
	size_t at[64], nr = frames_of(&b, at, 64);
	const char *what;
	uint64_t lost;
	unsigned got;

	assert_true(nr > 4);
	for (size_t i = 1; i < nr; i++)
		for (size_t k = 0; k < 5; k++) {
			size_t changed = at[i] + (at[i + 1] - at[i] - 1) * k / 4;

			b.data[changed] ^= 0x10;
			got = count_records(&b, &lost, &what);
			/* the last one may hold no more than the last round's end */
			assert_true(got < ROUNDS * PER_ROUND || i == nr - 1);
			assert_true(got >= (ROUNDS - 5) * PER_ROUND);
			assert_int_equal(lost, at[i + 1] - at[i]);
			b.data[changed] ^= 0x10;
		}
	free(b.data);
}

/* As after kill -9 or on a full disk. */
static void cut_anywhere(void **unused)
{
	struct bytes b = many_records("cut", 1), cut = b;
	size_t at[64], nr = frames_of(&b, at, 64);
	const char *what;
	uint64_t lost;
	unsigned got, last = 0;

	for (size_t i = 1; i < nr; i++)
		for (size_t k = 0; k < 4; k++) {
			cut.len = at[i] + (at[i + 1] - at[i]) * k / 4;
			got = count_records(&cut, &lost, &what);
			assert_true(got >= last && got >= (i - 1) * PER_ROUND);
			assert_int_equal(lost, cut.len - at[i]);
			last = got;
		}
	free(b.data);
}

/* ---- what no writer makes ---- */

static void add_frame(struct bytes *b, int type, const void *payload, size_t len)
{
	struct tare_frame head = { .magic = TARE_FRAME_MAGIC, .type = type, .len = len };

	head.crc = crc32(crc32(0, NULL, 0), (const Bytef *)&head, sizeof(head));
	if (len)
		head.crc = crc32(head.crc, payload, len);
	bytes__add(b, &head, sizeof(head));
	bytes__add(b, payload, len);
}

/* A compressed frame that is said to hold @said bytes, and holds @inner. */
static void add_packed(struct bytes *b, unsigned method, uint32_t said, const struct bytes *inner)
{
	struct tare_compressed head = { method, said };
	size_t room = ZSTD_compressBound(inner->len), len;
	unsigned char *packed = malloc(sizeof(head) + room);

	assert_non_null(packed);
	memcpy(packed, &head, sizeof(head));
	len = ZSTD_compress(packed + sizeof(head), room, inner->data, inner->len, 1);
	assert_false(ZSTD_isError(len));
	add_frame(b, TARE_FRAME_COMPRESSED, packed, sizeof(head) + len);
	free(packed);
}

static void add_one_record(struct bytes *b, uint64_t ts_ns)
{
	struct bytes rec = { 0 };

	add_migrate(&rec, ts_ns, ts_ns - 1, 0, 0);
	add_frame(b, TARE_FRAME_EVENTS, rec.data, rec.len);
	free(rec.data);
}

enum lie {
	SAID_MORE,
	SAID_LESS,
	SAID_TOO_MUCH,
	METHOD,
	EMPTY,
	NO_FRAMES,
	CUT_FRAME,
	A_HEADER,
	COMPRESSED_TWICE,
	NR_LIES
};

static void add_lie(struct bytes *b, enum lie lie, struct bytes *inner)
{
	uint32_t said[NR_LIES] = {
		[SAID_MORE] = inner->len + 1, [SAID_LESS] = inner->len - 1, [SAID_TOO_MUCH] = 1u << 30
	};

	if (lie == EMPTY)
		add_frame(b, TARE_FRAME_COMPRESSED, "1234567", 7);
	else if (lie == NO_FRAMES)
		memset(inner->data, 0, inner->len);
	else if (lie == CUT_FRAME)
		inner->len -= 3;
	else if (lie == A_HEADER)
		add_frame(inner, TARE_FRAME_HEADER, NULL, 0);
	else if (lie == COMPRESSED_TWICE)
		add_packed(inner, TARE_ZSTD, inner->len, inner);
	if (lie != EMPTY)
		add_packed(b, lie == METHOD ? 4711 : TARE_ZSTD, said[lie] ?: inner->len, inner);
}

static void lies_are_damage(void **unused)
{
	for (enum lie lie = 0; lie < NR_LIES; lie++) {
		struct bytes b = { 0 }, inner = { 0 };
		bool keeps_first = lie == A_HEADER || lie == COMPRESSED_TWICE;
		const char *what;
		uint64_t lost;
		size_t before, after;

		add_one_record(&b, 1);
		add_one_record(&inner, 2);
		before = b.len;
		add_lie(&b, lie, &inner);
		after = b.len;
		add_one_record(&b, 3);
		assert_int_equal(count_records(&b, &lost, &what), keeps_first ? 3 : 2);
		assert_int_equal(lost, after - before);
		assert_non_null(strstr(what, "compressed"));
		free(inner.data);
		free(b.data);
	}
}

/* Zeroes: 16 MB of them in a few KB, and so many times. They take their room once, and are no frames. */
static void bombs_go_off_in_bounded_memory(void **unused)
{
	struct bytes b = { 0 }, zeroes = { calloc(1, TARE_COMPRESSED_MAX), TARE_COMPRESSED_MAX, TARE_COMPRESSED_MAX };
	const char *what;
	uint64_t lost;
	size_t bombs;

	assert_non_null(zeroes.data);
	for (unsigned i = 0; i < 8; i++)
		add_packed(&b, TARE_ZSTD, zeroes.len, &zeroes);
	bombs = b.len;
	assert_true(bombs < TARE_COMPRESSED_MAX / 100);
	add_one_record(&b, 1);
	assert_int_equal(count_records(&b, &lost, &what), 1);
	assert_int_equal(lost, bombs);
	free(zeroes.data);
	free(b.data);
}

/* ---- when it is written ---- */

static void nothing_is_held_back_for_long(void **unused)
{
	struct writer *w = create_packed("held", 1);
	uint64_t before = writer__bytes(w), held = now_ns();
	struct bytes b = { 0 };

	add_migrate(&b, 1, 0, 0, 0);
	events(w, 0, 1, &b);
	free(b.data);
	writer__tick(w, held);
	assert_int_equal(writer__bytes(w), before);
	writer__tick(w, held + 2 * NSEC_PER_SEC);
	assert_true(writer__bytes(w) > before);
	before = writer__bytes(w);
	writer__tick(w, held + 4 * NSEC_PER_SEC); /* nothing is held: no empty frame */
	assert_int_equal(writer__bytes(w), before);
	round_at(w, 2);
	assert_int_equal(writer__bytes(w), before);
	frame(w, TARE_FRAME_END, 0, 3, &(struct tare_end){ .ts_ns = 3 }, sizeof(struct tare_end));
	assert_true(writer__bytes(w) > before);
	assert_int_equal(writer__close(w), 0);
}

static void a_full_disk_is_counted(void **unused)
{
	struct iovec iov = { "payload", 7 };
	uint64_t size = sizeof(struct tare_frame) + 7;
	struct capture c;
	struct writer *w;

	assert_int_equal(writer__open("/dev/full", &w), 0);
	assert_int_equal(writer__compress(w, 1), 0);
	capture__begin(&c);
	assert_int_equal(writer__frame(w, TARE_FRAME_INFO, 0, 0, &iov, 1), 0);
	assert_int_equal(writer__frame(w, TARE_FRAME_INFO, 0, 0, &iov, 1), 0);
	assert_int_equal(writer__flush(w), -ENOSPC);
	assert_int_equal(writer__frame(w, TARE_FRAME_INFO, 0, 0, &iov, 1), -ENOSPC);
	assert_int_equal(writer__bytes(w), 0);
	assert_int_equal(writer__lost_bytes(w), 3 * size);
	assert_int_equal(writer__close(w), -ENOSPC);
	capture__end(&c);
	assert_non_null(strstr(c.text, "No space left"));
}

/* The longest frame there may be, between short ones. */
static void long_frames_fit(void **unused)
{
	struct writer *w = create_packed("long", 1);
	unsigned char *long_one = calloc(1, TARE_FRAME_MAX);
	struct bytes b = { 0 };
	const char *what;
	uint64_t lost;

	assert_non_null(long_one);
	for (unsigned i = 1; i <= 3; i++) {
		add_migrate(&b, i, i - 1, 0, 0);
		events(w, 0, i, &b);
		frame(w, 9999, 0, i, long_one, TARE_FRAME_MAX);
	}
	free(b.data);
	assert_int_equal(writer__close(w), 0);
	b = slurp(in_dir("long"));
	assert_true(b.len < TARE_FRAME_MAX / 100);
	assert_int_equal(count_records(&b, &lost, &what), 3);
	assert_int_equal(lost, 0);
	free(long_one);
	free(b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(damage_costs_one_block),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(lies_are_damage),
		cmocka_unit_test(bombs_go_off_in_bounded_memory),
		cmocka_unit_test(nothing_is_held_back_for_long),
		cmocka_unit_test(a_full_disk_is_counted),
		cmocka_unit_test(long_frames_fit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
