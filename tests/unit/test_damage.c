// SPDX-License-Identifier: BSD-2-Clause
/* Recordings that are damaged or truncated: whatever is intact comes out, and the rest is reported. */
#include "recording.h"

/* ---- damage ---- */

#define FRAMES 6

/* A header and FRAMES frames of two records each. Where each of these begins is in @at, and last the file's length. */
static struct bytes small_file(const char *name, size_t at[FRAMES + 2])
{
	struct writer *w = create(name);
	struct bytes b = { 0 };

	header(w);
	for (unsigned i = 0; i < FRAMES; i++) {
		at[i] = writer__bytes(w);
		add_migrate(&b, 100 * i + 1, 2 * i, 0, 0);
		add_migrate(&b, 100 * i + 2, 2 * i + 1, 0, 0);
		events(w, i % 2, 100 * i, &b);
	}
	at[FRAMES] = at[FRAMES + 1] = writer__bytes(w);
	free(b.data);
	assert_int_equal(writer__close(w), 0);
	return slurp(in_dir(name));
}

/* Which records of small_file() come out of @b, as bits, and how much damage is reported. */
static unsigned records_of(const struct bytes *b, uint64_t *offset, uint64_t *bytes, unsigned *nr_damage)
{
	struct reader *r;
	struct event ev;
	unsigned got = 0;
	int ret;

	*nr_damage = 0;
	assert_int_equal(reader__open_mem(b->data, b->len, &r), 0);
	while ((ret = reader__next(r, &ev)) == 1) {
		if (ev.kind == EVENT_MIGRATE) {
			assert_true(ev.migrate.tid < 2 * FRAMES && !(got >> ev.migrate.tid & 1));
			assert_true(ev.ts_ns == 100 * (ev.migrate.tid / 2) + 1 + ev.migrate.tid % 2);
			got |= 1u << ev.migrate.tid;
		} else if (ev.kind == EVENT_DAMAGE) {
			assert_true(ev.damage.what && strlen(ev.damage.what) < 79);
			*offset = ev.damage.offset;
			*bytes = ev.damage.bytes;
			++*nr_damage;
		} else {
			assert_int_equal(ev.kind, EVENT_HEADER);
		}
	}
	assert_int_equal(ret, 0);
	reader__close(r);
	return got;
}

/* Any changed byte costs only its own frame, reported with place and length. */
static void damage_in_the_middle(void **unused)
{
	size_t at[FRAMES + 2];
	struct bytes b = small_file("damage", at);
	uint64_t offset, bytes;
	unsigned nr;

	assert_int_equal(records_of(&b, &offset, &bytes, &nr), (1u << 2 * FRAMES) - 1);
	assert_int_equal(nr, 0);
	for (unsigned i = 0; i < FRAMES; i++) {
		for (size_t pos = at[i]; pos < at[i + 1]; pos++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				b.data[pos] ^= 1 << bit;
				assert_int_equal(records_of(&b, &offset, &bytes, &nr),
						 ((1u << 2 * FRAMES) - 1) & ~(3u << 2 * i));
				assert_int_equal(nr, 1);
				assert_int_equal(offset, at[i]);
				assert_int_equal(bytes, at[i + 1] - at[i]);
				b.data[pos] ^= 1 << bit;
			}
		}
	}
	free(b.data);
}

static void cut_off_anywhere(void **unused)
{
	size_t at[FRAMES + 2];
	struct bytes b = small_file("cut", at);
	uint64_t offset, bytes;
	unsigned nr, whole = 0;

	for (size_t len = at[0]; len <= at[FRAMES]; len++) {
		struct bytes cut = { malloc(len), len, len };

		assert_non_null(cut.data);
		memcpy(cut.data, b.data, len);
		if (len == at[whole + 1])
			whole++;
		assert_int_equal(records_of(&cut, &offset, &bytes, &nr), (1u << 2 * whole) - 1);
		assert_int_equal(nr, len != at[whole]);
		if (nr)
			assert_true(offset == at[whole] && bytes == len - at[whole]);
		free(cut.data);
	}
	free(b.data);
}

/* Foreign bytes between frames, and some that look like the start of one. */
static void foreign_bytes_between(void **unused)
{
	struct tare_frame fake = { .magic = TARE_FRAME_MAGIC, .type = TARE_FRAME_EVENTS, .len = 40 };
	struct tare_frame huge = { .magic = TARE_FRAME_MAGIC, .type = TARE_FRAME_EVENTS, .len = TARE_FRAME_MAX };
	struct tare_frame beyond = { .magic = TARE_FRAME_MAGIC, .type = TARE_FRAME_EVENTS, .len = UINT32_MAX };
	const struct {
		const void *data;
		size_t len;
	} foreign[] = {
		{ "x", 1 },
		{ "TAR", 3 },
		{ "TARE", 4 },
		{ "TARETARETARETARE", 16 },
		{ "xxTARTARxTARE", 13 },
		{ &fake, sizeof(fake) },
		{ &huge, sizeof(huge) },
		{ &beyond, sizeof(beyond) },
		{ &fake, 11 },
	};
	size_t at[FRAMES + 2];
	struct bytes b = small_file("foreign", at);
	uint64_t offset, bytes;
	unsigned nr;

	for (size_t f = 0; f < ARRAY_SIZE(foreign); f++) {
		for (unsigned i = 0; i <= FRAMES; i++) {
			struct bytes mixed = { 0 };

			bytes__add(&mixed, b.data, at[i]);
			bytes__add(&mixed, foreign[f].data, foreign[f].len);
			bytes__add(&mixed, b.data + at[i], b.len - at[i]);
			assert_int_equal(records_of(&mixed, &offset, &bytes, &nr), (1u << 2 * FRAMES) - 1);
			assert_int_equal(nr, 1);
			assert_int_equal(offset, at[i]);
			assert_int_equal(bytes, foreign[f].len);
			free(mixed.data);
		}
	}
	free(b.data);
}

/* The header itself is gone: what follows is intact and is shown. */
static void header_gone(void **unused)
{
	size_t at[FRAMES + 2];
	struct bytes b = small_file("header", at), rest = { b.data + at[0], b.len - at[0], 0 };
	uint64_t offset, bytes;
	unsigned nr;

	b.data[30] ^= 1;
	assert_int_equal(records_of(&b, &offset, &bytes, &nr), (1u << 2 * FRAMES) - 1);
	assert_true(nr == 1 && offset == 0 && bytes == at[0]);
	assert_int_equal(records_of(&rest, &offset, &bytes, &nr), (1u << 2 * FRAMES) - 1);
	assert_int_equal(nr, 0);
	free(b.data);
}

/* A frame with the right checksum whose records make no sense: those before are kept, those after the frame come. */
static void records_of_impossible_length(void **unused)
{
	static const unsigned char words[] = { 0, 1, 5, 255 };

	for (size_t i = 0; i < sizeof(words); i++) {
		struct writer *w = create("impossible");
		struct bytes b = { 0 };
		struct reader *r;
		struct event ev;

		header(w);
		add_migrate(&b, 1, 1, 0, 0);
		add_migrate(&b, 2, 2, 0, 0);
		b.data[sizeof(struct tare_migrate) + 5] = words[i];
		events(w, 0, 0, &b);
		add_migrate(&b, 3, 3, 0, 0);
		events(w, 0, 0, &b);
		free(b.data);
		assert_int_equal(writer__close(w), 0);

		r = open_file("impossible");
		next_is(r, &ev, EVENT_HEADER);
		next_is(r, &ev, EVENT_DAMAGE);
		assert_int_equal(ev.damage.offset, sizeof(struct tare_frame) + sizeof(struct tare_header));
		migrate_is(r, 1, 0, 1);
		migrate_is(r, 3, 0, 3);
		end_is(r);
	}
}

/* Two recordings in one file: the first one comes out, and where the second begins is said. */
static void another_recording(void **unused)
{
	size_t at[FRAMES + 2];
	struct bytes b = small_file("twice", at), twice = { 0 }, cut = { 0 };
	uint64_t offset, bytes;
	unsigned nr;

	bytes__add(&twice, b.data, b.len);
	bytes__add(&twice, b.data, b.len);
	assert_int_equal(records_of(&twice, &offset, &bytes, &nr), (1u << 2 * FRAMES) - 1);
	assert_int_equal(nr, 1);
	assert_int_equal(offset, b.len);
	assert_int_equal(bytes, b.len);

	/* the first one ends inside its last frame: two damages, the other recording last */
	bytes__add(&cut, b.data, b.len - 1);
	bytes__add(&cut, b.data, b.len);
	assert_int_equal(records_of(&cut, &offset, &bytes, &nr), (1u << (2 * FRAMES - 2)) - 1);
	assert_int_equal(nr, 2);
	assert_int_equal(offset, b.len - 1);
	assert_int_equal(bytes, b.len);
	free(twice.data);
	free(cut.data);
	free(b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damage_in_the_middle),		cmocka_unit_test(cut_off_anywhere),
		cmocka_unit_test(foreign_bytes_between),	cmocka_unit_test(header_gone),
		cmocka_unit_test(records_of_impossible_length), cmocka_unit_test(another_recording),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
