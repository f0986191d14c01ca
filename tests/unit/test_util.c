// SPDX-License-Identifier: BSD-2-Clause
/* Quantities as people write them and as they are shown, foreign text made safe, names of system calls. */
#include "array.h"
#include "records.h"

static void durations(void **unused)
{
	static const struct {
		const char *s;
		uint64_t ns;
	} good[] = {
		{ "10s", 10 * NSEC_PER_SEC },
		{ "500ms", 500000000 },
		{ "20us", 20000 },
		{ "7ns", 7 },
		{ "1.5", 1500000000 },
		{ "2m", 120000000000 },
		{ "1h", 3600 * NSEC_PER_SEC },
		{ "1", NSEC_PER_SEC },
		{ "0.000000001", 1 },
		{ "0.5ms", 500000 },
		{ "2.5h", 9000 * NSEC_PER_SEC },
		{ "1.", NSEC_PER_SEC },
		{ "007", 7 * NSEC_PER_SEC },
	};
	static const char *const bad[] = {
		"",
		" ",
		"s",
		"ms",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1 s",
		"1S",
		"1d",
		"0",
		"0s",
		"0.0",
		"0.1ns",
		"1e99",
		"inf",
		"nan",
		"infinity",
		"0x10",
		"0X10",
		"1,5",
		"1s1",
		"10sec",
		".5",
		"99999999999999",
		"9223372037s",
		"2562048h",
		"1ms\n",
		"١",
		"1e400s",
		"-",
		"1..5",
	};
	uint64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ns = 0;
		assert_int_equal(parse_duration(good[i].s, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ns = 4711;
		if (parse_duration(bad[i], &ns) != -EINVAL)
			fail_msg("'%s' was taken for %llu ns", bad[i], (unsigned long long)ns);
		assert_int_equal(ns, 4711);
	}
}

static void sizes(void **unused)
{
	static const struct {
		const char *s;
		uint64_t bytes;
	} good[] = {
		{ "4096", 4096 },  { "64K", 65536 }, { "64k", 65536 }, { "16M", 16 << 20 },
		{ "1G", 1 << 30 }, { "1", 1 },	     { "0.5K", 512 },  { "1.5g", 3ull << 29 },
	};
	static const char *const bad[] = {
		"", "K", "0", "0K", "-1", "1KB", "1T", "4096 ", "1e30", "0.1", "1kk", "0x1000", "9e18G",
	};
	uint64_t bytes;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_size(good[i].s, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (parse_size(bad[i], &bytes) != -EINVAL)
			fail_msg("'%s' was taken for %llu bytes", bad[i], (unsigned long long)bytes);
	}
}

static void times_are_shown_with_three_digits(void **unused)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" },
		{ 1, "1 ns" },
		{ 999, "999 ns" },
		{ 1000, "1.00 us" },
		{ 1234, "1.23 us" },
		{ 1240, "1.24 us" },
		{ 9994, "9.99 us" },
		{ 9995, "10.0 us" },
		{ 99949, "99.9 us" },
		{ 99950, "100 us" },
		{ 999499, "999 us" },
		{ 999500, "1.00 ms" },
		{ 33000000, "33.0 ms" },
		{ 812345678, "812 ms" },
		{ 999500000, "1.00 s" },
		{ 12100000000, "12.1 s" },
		{ 3600 * NSEC_PER_SEC, "3600 s" },
	};
	char buf[16];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(fmt_ns(cases[i].ns, buf), cases[i].text);
	/* at most 8 columns up to where a second has more than six digits; whole and terminated whatever comes */
	for (uint64_t ns = 1; ns < 999999 * NSEC_PER_SEC; ns = ns * 17 / 10 + 1)
		assert_true(strlen(fmt_ns(ns, buf)) <= 8);
	assert_true(strlen(fmt_ns(UINT64_MAX, buf)) < sizeof(buf));
	assert_non_null(strstr(buf, " s"));
}

static void counts_have_their_thousands_apart(void **unused)
{
	static const struct {
		uint64_t n;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ 999, "999" },
		{ 1000, "1,000" },
		{ 12345, "12,345" },
		{ 999999, "999,999" },
		{ 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char buf[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(fmt_count(cases[i].n, buf), cases[i].text);
}

/* ---- sanitize() ---- */

static void foreign_text_is_made_safe(void **unused)
{
	static const struct {
		const char *in;
		size_t len;
		const char *out;
	} cases[] = {
		{ "plain name", 10, "plain name" },
		{ "", 0, "" },
		{ "cut here", 3, "cut" },
		{ "ends\0here", 9, "ends" },
		{ "a\nb\tc\rd", 7, "a?b?c?d" },
		{ "\x1b[31mred", 8, "?[31mred" }, /* a terminal's escape */
		{ "\x7f", 1, "?" },
		{ "\xc2\x9b"
		  "31m",
		  5, "??31m" }, /* CSI as one character of C1 */
		{ "\xc3\xa9t\xc3\xa9", 5, "\xc3\xa9t\xc3\xa9" },
		{ "\xe2\x82\xac", 3, "\xe2\x82\xac" },
		{ "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80" },
		{ "\xe2\x82\xac", 2, "??" }, /* cut inside a character, as names are at 15 bytes */
		{ "\xf0\x9f\x98", 3, "???" },
		{ "\xff\xfe", 2, "??" },
		{ "\x80"
		  "a",
		  2, "?a" }, /* a continuation of nothing */
		{ "\xc3"
		  "a",
		  2, "?a" },		 /* a lead without continuation */
		{ "\xc0\xaf", 2, "??" }, /* overlong '/' */
		{ "\xe0\x80\xaf", 3, "???" },
		{ "\xf0\x80\x80\xaf", 4, "????" },
		{ "\xed\xa0\x80", 3, "???" },		       /* a surrogate */
		{ "\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf" }, /* the last character there is .. */
		{ "\xf4\x90\x80\x80", 4, "????" },	       /* .. and one past it */
		{ "\xf8\x88\x80\x80\x80", 5, "?????" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *in = malloc(cases[i].len + 1), buf[64];

		/* of exactly that length: what follows is not read */
		assert_non_null(in);
		in = realloc(in, cases[i].len ? cases[i].len : 1);
		memcpy(in, cases[i].in, cases[i].len);
		assert_string_equal(sanitize(in, cases[i].len, buf, sizeof(buf)), cases[i].out);
		free(in);
	}
}

/* Too long for the buffer: cut between characters, terminated, nothing written past it. */
static void foreign_text_is_cut_between_characters(void **unused)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const size_t fits[] = { 0, 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11 };

	for (size_t size = 0; size < ARRAY_SIZE(fits); size++) {
		char *buf = malloc(size ? size : 1);

		assert_non_null(buf);
		sanitize(text, sizeof(text) - 1, buf, size);
		if (size) {
			assert_int_equal(strlen(buf), fits[size]);
			assert_memory_equal(buf, text, fits[size]);
		}
		free(buf);
	}
}

/* Whatever bytes come, what goes out is UTF-8 (by its table of well-formed sequences) without control characters. */
static void any_bytes_become_utf8(void **unused)
{
	uint32_t state = 12345;

	for (int round = 0; round < 20000; round++) {
		char in[12], buf[sizeof(in) + 1];
		size_t n;

		for (size_t i = 0; i < sizeof(in); i++) {
			state = state * 1664525 + 1013904223;
			in[i] = state >> 24 | (round & 1 ? 0x80 : 0);
		}
		sanitize(in, sizeof(in), buf, sizeof(buf));
		for (const unsigned char *p = (unsigned char *)buf; *p; p += n) {
			n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
			assert_true(n > 1 ? *p >= 0xc2 && *p <= 0xf4 : *p >= 0x20 && *p != 0x7f);
			for (size_t i = 1; i < n; i++)
				assert_int_equal(p[i] & 0xc0, 0x80);
			assert_false(p[0] == 0xc2 && p[1] < 0xa0);
			assert_false(p[0] == 0xe0 && p[1] < 0xa0);
			assert_false(p[0] == 0xed && p[1] >= 0xa0);
			assert_false(p[0] == 0xf0 && p[1] < 0x90);
			assert_false(p[0] == 0xf4 && p[1] >= 0x90);
		}
	}
}

/* ---- system calls ---- */

static void system_calls_by_name(void **unused)
{
	static const struct {
		int arch;
		bool compat;
		int nr;
		const char *name;
	} cases[] = {
		{ TARE_ARCH_X86_64, false, 0, "read" },
		{ TARE_ARCH_X86_64, false, 202, "futex" },
		{ TARE_ARCH_X86_64, true, 240, "futex" },
		{ TARE_ARCH_X86_64, true, 3, "read" },
		{ TARE_ARCH_ARM64, false, 98, "futex" },
		{ TARE_ARCH_ARM64, true, 240, "futex" },
		{ TARE_ARCH_X86_64, false, 281, "epoll_pwait" },
		{ TARE_ARCH_X86_64, false, 60000, "syscall_60000" },
		{ 0, false, 1, "syscall_1" },
		{ 3, true, 1, "syscall_1" },
		{ -1, false, 65534, "syscall_65534" },
		{ 1 << 30, false, 0, "syscall_0" },
	};
	char buf[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(syscall_name(cases[i].arch, cases[i].compat, cases[i].nr, buf), cases[i].name);
}

/* ---- messages ---- */

static void messages_keep_errno(void **unused)
{
	struct capture c;

	errno = ENOSPC;
	capture__begin(&c);
	errno = ENOSPC;
	err("%s %d", "it broke", 7);
	warn("mind");
	info("quiet");
	assert_int_equal(errno, ENOSPC);
	verbose = true;
	info("loud");
	verbose = false;
	assert_string_equal(capture__end(&c), "tare: it broke 7\ntare: warning: mind\ntare: loud\n");
}

static void arrays_grow_and_keep_what_they_hold(void **unused)
{
	uint64_t *array = NULL, *before;
	size_t room = 0;

	for (size_t i = 0; i < 1000; i++) {
		assert_int_equal(ARRAY_GROW(array, room, i + 1), 0);
		assert_true(room > i);
		array[i] = i;
	}
	assert_true(room < 2000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(array[i], i);
	before = array;
	room = 1024;
	assert_int_equal(ARRAY_GROW(array, room, SIZE_MAX), -ENOMEM);
	assert_int_equal(ARRAY_GROW(array, room, SIZE_MAX / 8), -ENOMEM);
	assert_ptr_equal(array, before);
	assert_int_equal(room, 1024);
	free(array);
}

static int by_value(const void *a, const void *b, void *nr_compared)
{
	++*(size_t *)nr_compared;
	return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : *(const uint32_t *)a > *(const uint32_t *)b;
}

/* As mixed as it may be: sorted, and what was nearly so at little cost. */
static void what_is_nearly_sorted_is_sorted(void **unused)
{
	enum { NR = 1000 };
	uint32_t values[NR];
	unsigned seed = 1;
	size_t nr_compared;

	for (unsigned mixed = 0; mixed <= NR; mixed += 20) {
		for (uint32_t i = 0; i < NR; i++)
			values[i] = i < mixed ? rand_r(&seed) % NR : i ^ 1;
		nr_compared = 0;
		array__sort_nearly(values, NR, sizeof(*values), by_value, &nr_compared);
		for (uint32_t i = 1; i < NR; i++)
			assert_true(values[i - 1] <= values[i]);
		if (!mixed)
			assert_true(nr_compared <= 2 * NR);
	}
	array__sort_nearly(values, 0, sizeof(*values), by_value, &nr_compared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(times_are_shown_with_three_digits),
		cmocka_unit_test(counts_have_their_thousands_apart),
		cmocka_unit_test(foreign_text_is_made_safe),
		cmocka_unit_test(foreign_text_is_cut_between_characters),
		cmocka_unit_test(any_bytes_become_utf8),
		cmocka_unit_test(system_calls_by_name),
		cmocka_unit_test(messages_keep_errno),
		cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
		cmocka_unit_test(what_is_nearly_sorted_is_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
