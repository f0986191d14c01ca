// SPDX-License-Identifier: BSD-2-Clause
/* What a recording holds of runtimes: counters, symbols and delays come back; what does not fit its frame does not. */
#include "recording.h"

/* A recording of a header, and one frame of @data. */
static struct reader *recording_of(int type, const void *data, size_t len)
{
	struct writer *w = create("pieces");
	struct reader *r;
	struct event ev;

	header(w);
	frame(w, type, 3, 77, data, len);
	assert_int_equal(writer__close(w), 0);
	r = open_file("pieces");
	next_is(r, &ev, EVENT_HEADER);
	return r;
}

/* ---- counters ---- */

static void counters_come_back(void **unused)
{
	struct tare_counters c[2];
	struct writer *w = create("pieces");
	struct reader *r;
	struct event ev;

	for (size_t i = 0; i < sizeof(c) / 8; i++)
		((uint64_t *)c)[i] = 1000 + i;
	header(w);
	assert_int_equal(writer__array(w, TARE_FRAME_RUNTIMES, 5, c, sizeof(c[0]), 2), 0);
	assert_int_equal(writer__close(w), 0);
	r = open_file("pieces");
	next_is(r, &ev, EVENT_HEADER);
	for (int i = 0; i < 2; i++) {
		next_is(r, &ev, EVENT_COUNTERS);
		assert_true(ev.ts_ns == c[i].ts_ns && ev.cpu == 0);
		assert_memory_equal(&ev.counters, &c[i], sizeof(c[i]));
	}
	end_is(r);
}

/* Of an older version, which had fewer: those are not 0, nobody counted them. Of a later one: what is more is left. */
static void counters_of_other_versions(void **unused)
{
	const size_t head_bytes = offsetof(struct tare_counters, goroutine_switches);

	for (size_t known = head_bytes; known <= sizeof(struct tare_counters) + 40; known += 8) {
		struct {
			struct tare_array head;
			uint64_t words[2][sizeof(struct tare_counters) / 8 + 5];
		} raw = { { known, 2 }, { { 0 } } };
		unsigned char *bytes = (unsigned char *)raw.words;
		struct tare_counters c = { .ts_ns = 9, .pid = 8, .goroutine_switches = 7 };
		struct reader *r;
		struct event ev;

		for (size_t i = 0; i < 2; i++)
			memcpy(bytes + i * known, &c, known < sizeof(c) ? known : sizeof(c));
		r = recording_of(TARE_FRAME_RUNTIMES, &raw, sizeof(raw.head) + 2 * known);
		for (int i = 0; i < 2; i++) {
			next_is(r, &ev, EVENT_COUNTERS);
			assert_true(ev.ts_ns == 9 && ev.counters.pid == 8 && ev.counters.final == 0);
			for (size_t at = head_bytes; at < sizeof(c); at += 8) {
				uint64_t value, want;

				memcpy(&value, (char *)&ev.counters + at, 8);
				memcpy(&want, (char *)&c + at, 8);
				assert_int_equal(value, at < known ? want : TARE_UNKNOWN);
			}
		}
		end_is(r);
	}
}

/* ---- bytes ---- */

/* Of an older version, which knew fewer classes; of a later one; too short to say what it is of. */
static void bytes_come_back(void **unused)
{
	const size_t head_bytes = offsetof(struct tare_bytes, classes);
	struct {
		struct tare_array head;
		uint64_t words[2][sizeof(struct tare_bytes) / 8 + 5];
	} raw;
	struct tare_bytes b;
	struct reader *r;
	struct event ev;

	for (size_t i = 0; i < sizeof(b) / 8; i++)
		((uint64_t *)&b)[i] = 1000 + i;
	for (size_t known = head_bytes; known <= sizeof(b) + 40; known += 8) {
		memset(&raw, 0x55, sizeof(raw));
		raw.head = (struct tare_array){ known, 2 };
		for (int i = 0; i < 2; i++)
			memcpy((char *)raw.words + i * known, &b, known < sizeof(b) ? known : sizeof(b));
		r = recording_of(TARE_FRAME_BYTES, &raw, sizeof(raw.head) + 2 * known);
		for (int i = 0; i < 2; i++) {
			next_is(r, &ev, EVENT_BYTES);
			assert_true(ev.ts_ns == 1000 && ev.bytes.rss == 1002);
			for (size_t c = 0; c < TARE_NR_BYTES; c++)
				assert_int_equal(ev.bytes.classes[c], head_bytes + 8 * c < known ? b.classes[c] : 0);
		}
		end_is(r);
	}
	/* more than there are addresses for: the next one is as good as ever */
	memcpy(raw.words, &b, sizeof(b));
	memcpy((char *)raw.words + sizeof(b), &b, sizeof(b));
	raw.head.elem_size = sizeof(b);
	raw.words[0][offsetof(struct tare_bytes, classes) / 8 + 3] = 1ull << 57;
	raw.words[0][sizeof(b) / 8] = 77;
	r = recording_of(TARE_FRAME_BYTES, &raw, sizeof(raw.head) + 2 * sizeof(b));
	next_is(r, &ev, EVENT_BYTES);
	assert_int_equal(ev.ts_ns, 77);
	end_is(r);
	for (size_t known = 0; known < head_bytes; known++) {
		raw.head.elem_size = known;
		end_is(recording_of(TARE_FRAME_BYTES, &raw, sizeof(raw)));
	}
}

/* ---- heaps ---- */

/* As written; by a later version, with more for each; and nothing of a frame that does not hold what it promises. */
static void heaps_come_back(void **unused)
{
	struct {
		struct tare_heap head;
		uint64_t words[2][sizeof(struct tare_heap_stack) / 8 + 2];
	} raw = { .head = { .ts_ns = 9, .pid = 5, .nr = 2, .first = 3, .total = 5, .rate_bytes = 100 } };
	struct tare_heap_stack s = { .stack = 7,
				     .size_bytes = 8,
				     .allocs = 3,
				     .frees = 1,
				     .alloc_bytes = 24,
				     .free_bytes = 8 },
			       got;
	struct reader *r;
	struct event ev;

	for (size_t size = sizeof(s); size <= sizeof(s) + 16; size += 8) {
		raw.head.elem_size = size;
		memset(raw.words, 0x55, sizeof(raw.words));
		memcpy(raw.words, &s, sizeof(s));
		memcpy((char *)raw.words + size, &s, sizeof(s));
		r = recording_of(TARE_FRAME_HEAP, &raw, sizeof(raw.head) + 2 * size);
		next_is(r, &ev, EVENT_HEAP);
		assert_true(ev.ts_ns == 9 && ev.heap.head->pid == 5 && ev.heap.head->rate_bytes == 100);
		for (int i = 0; i < 2; i++) {
			got = event__heap_stack(&ev, i);
			assert_memory_equal(&got, &s, sizeof(s));
		}
		end_is(r);
	}
	raw.head.elem_size = sizeof(s);
	for (size_t len = 0; len < sizeof(raw.head) + 2 * sizeof(s); len++)
		end_is(recording_of(TARE_FRAME_HEAP, &raw, len));
	raw.head.elem_size = sizeof(s) - 1;
	end_is(recording_of(TARE_FRAME_HEAP, &raw, sizeof(raw)));
	raw.head.elem_size = sizeof(s);
	raw.head.total = 4;
	end_is(recording_of(TARE_FRAME_HEAP, &raw, sizeof(raw)));
	raw.head.total = raw.head.nr = UINT32_MAX;
	end_is(recording_of(TARE_FRAME_HEAP, &raw, sizeof(raw)));
}

/* ---- symbols ---- */

struct symbol {
	struct tare_symbol s;
	char text[16];
};

static void symbols_come_back(void **unused)
{
	struct symbol two[2] = {
		{ { .pid = 1, .size = sizeof(two[0]), .ip = 0x7fffffffffff, .line = 42, .name_len = 9, .file_len = 7 },
		  "main.loop/a/b.go" },
		{ { .pid = 2, .size = sizeof(two[0]), .ip = 1 }, "" },
	};
	struct reader *r = recording_of(TARE_FRAME_SYMBOLS, two, sizeof(two));
	struct event ev;

	next_is(r, &ev, EVENT_SYMBOL);
	assert_true(ev.symbol.head->pid == 1 && ev.symbol.head->ip == 0x7fffffffffff && ev.symbol.head->line == 42);
	assert_true(ev.symbol.head->name_len == 9 && ev.symbol.head->file_len == 7);
	assert_memory_equal(ev.symbol.name, "main.loop", 9);
	assert_memory_equal(ev.symbol.file, "/a/b.go", 7);
	assert_int_equal(ev.ts_ns, 77);
	next_is(r, &ev, EVENT_SYMBOL);
	assert_true(ev.symbol.head->pid == 2 && ev.symbol.head->name_len == 0 && ev.symbol.head->line == 0);
	end_is(r);
	/* nothing, and cut at each byte: whole ones before it come */
	for (size_t len = 0; len < sizeof(two); len++) {
		r = recording_of(TARE_FRAME_SYMBOLS, two, len);
		if (len >= sizeof(two[0]))
			next_is(r, &ev, EVENT_SYMBOL);
		end_is(r);
	}
}

static void symbols_that_reach_beyond(void **unused)
{
	static const struct {
		uint16_t name, file;
		uint32_t size;
		bool good;
	} cases[] = {
		{ 8, 8, sizeof(struct symbol), true },
		{ 16, 0, sizeof(struct symbol), true },
		{ 0, 16, sizeof(struct symbol), true },
		{ 9, 8, sizeof(struct symbol), false },
		{ 65535, 65535, sizeof(struct symbol), false },
		{ 0, 0, sizeof(struct symbol) + 1, false },
		{ 0, 0, sizeof(struct tare_symbol), true },
		{ 0, 0, sizeof(struct tare_symbol) - 1, false },
		{ 0, 0, 0, false },
		{ 0, 0, UINT32_MAX, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct symbol s = {
			{ .pid = 1, .size = cases[i].size, .name_len = cases[i].name, .file_len = cases[i].file },
			"0123456789abcde"
		};
		struct reader *r = recording_of(TARE_FRAME_SYMBOLS, &s, sizeof(s));
		struct event ev;

		if (cases[i].good)
			next_is(r, &ev, EVENT_SYMBOL);
		end_is(r);
	}
}

/* ---- structs that end in one string ---- */

static void named_ones_come_back(void **unused)
{
	struct {
		struct tare_number_name head;
		char text[8];
	} n = { { .pid = 4, .size = sizeof(n), .number = 9, .kind = TARE_NAME_STATUS, .text_len = 7 }, "waiting" };
	struct {
		struct tare_page head;
		char name[8];
	} page = { { .pid = 4, .size = sizeof(page), .address = 0x1000, .name_len = 8 }, { "/lib.so" } };
	struct {
		struct tare_quota head;
		char path[8];
	} quota = { { .pid = 4, .size = sizeof(quota), .quota_ns = 1, .period_ns = 2, .path_len = 2 }, "/a" };
	struct reader *r;
	struct event ev;

	r = recording_of(TARE_FRAME_NAMES, &n, sizeof(n));
	next_is(r, &ev, EVENT_NUMBER_NAME);
	assert_true(ev.number_name.head->pid == 4 && ev.number_name.head->number == 9);
	assert_memory_equal(ev.number_name.text, "waiting", 7);
	end_is(r);
	r = recording_of(TARE_FRAME_PAGES, &page, sizeof(page));
	next_is(r, &ev, EVENT_PAGE);
	assert_true(ev.page.head->address == 0x1000 && ev.page.head->name_len == 8);
	assert_memory_equal(ev.page.name, "/lib.so", 7);
	end_is(r);
	r = recording_of(TARE_FRAME_QUOTAS, &quota, sizeof(quota));
	next_is(r, &ev, EVENT_QUOTA);
	assert_true(ev.quota.head->quota_ns == 1 && ev.quota.head->period_ns == 2);
	assert_memory_equal(ev.quota.path, "/a", 2);
	end_is(r);
	/* a string that reaches beyond its struct, a struct beyond the frame */
	page.head.name_len = 9;
	end_is(recording_of(TARE_FRAME_PAGES, &page, sizeof(page)));
	page.head.name_len = 0;
	page.head.size = sizeof(page) + 1;
	end_is(recording_of(TARE_FRAME_PAGES, &page, sizeof(page)));
	for (size_t len = 0; len < sizeof(quota); len++)
		end_is(recording_of(TARE_FRAME_QUOTAS, &quota, len));
}

/* ---- delays ---- */

static struct tare_delays *delays_of(uint32_t nr, size_t *size)
{
	struct tare_delays *d;

	*size = sizeof(*d) + nr * sizeof(d->buckets[0]);
	d = calloc(1, *size);
	assert_non_null(d);
	*d = (struct tare_delays){ .pid = 5, .one_in = 8, .nr = nr };
	for (uint32_t i = 0; i < nr; i++) {
		d->buckets[i].from_ns = 64 * i;
		d->buckets[i].count = i + 1;
	}
	return d;
}

static void delays_come_back(void **unused)
{
	static const uint32_t numbers[] = { 0, 1, 37, TARE_DELAYS_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		size_t size;
		struct tare_delays *d = delays_of(numbers[i], &size);
		struct reader *r = recording_of(TARE_FRAME_DELAYS, d, size);
		struct event ev;

		next_is(r, &ev, EVENT_DELAYS);
		assert_int_equal(ev.ts_ns, 77);
		assert_memory_equal(ev.delays, d, size);
		end_is(r);
		free(d);
	}
}

static void delays_that_do_not_fit(void **unused)
{
	size_t size, whole;
	struct tare_delays *d = delays_of(4, &whole);
	struct reader *r;
	struct event ev;

	for (size_t len = 0; len < whole; len++)
		end_is(recording_of(TARE_FRAME_DELAYS, d, len));
	d->nr = 3; /* what is behind them is of a later version */
	r = recording_of(TARE_FRAME_DELAYS, d, whole);
	next_is(r, &ev, EVENT_DELAYS);
	assert_int_equal(ev.delays->nr, 3);
	end_is(r);
	d->nr = UINT32_MAX;
	end_is(recording_of(TARE_FRAME_DELAYS, d, whole));
	d->nr = 1u << 28; /* times 16 it is 0 in 32 bits */
	end_is(recording_of(TARE_FRAME_DELAYS, d, whole));
	free(d);
	d = delays_of(TARE_DELAYS_MAX + 1, &size);
	end_is(recording_of(TARE_FRAME_DELAYS, d, size));
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_come_back),	  cmocka_unit_test(counters_of_other_versions),
		cmocka_unit_test(bytes_come_back),	  cmocka_unit_test(heaps_come_back),
		cmocka_unit_test(symbols_come_back),	  cmocka_unit_test(symbols_that_reach_beyond),
		cmocka_unit_test(named_ones_come_back),	  cmocka_unit_test(delays_come_back),
		cmocka_unit_test(delays_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
