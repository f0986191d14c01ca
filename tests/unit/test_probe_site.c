// SPDX-License-Identifier: BSD-2-Clause
/* Where probes go in functions as Go 1.19 and 1.26 compile them, for x86-64 and arm64; and in what is no function. */
#include "code.h"
#include "probe_site.h"

#define X86 TARE_ARCH_X86_64
#define ARM TARE_ARCH_ARM64

static const struct shape {
	const char *what, *hex;
	int arch;
	unsigned int at;
	enum probe_site_kind kind;
	enum probe_class class;
	bool exact;
} shapes[] = {
	{ "1.19 small frame: cmp, jbe, sub", "49 3b 66 10 0f 86 49 01 00 00 48 83 ec 20 48 89 6c 24 18 48 8d 6c 24 18",
	  X86, 4, SITE_STACK_CHECK, PROBE_EMULATED, true },
	{ "1.19 large frame: lea, cmp, jbe",
	  "4c 8d a4 24 d0 fe ff ff 4d 3b 66 10 0f 86 7a 0c 00 00 48 81 ec b0 01 00 00", X86, 12, SITE_STACK_CHECK,
	  PROBE_EMULATED, true },
	{ "1.19 huge frame: mov, sub, jb, cmp, jbe",
	  "49 89 e4 49 81 ec 38 2d 00 00 0f 82 cc 03 00 00 4d 3b 66 10 0f 86 c2 03 00 00 48 81 ec b8 2d 00 00", X86, 20,
	  SITE_STACK_CHECK, PROBE_EMULATED, true },
	{ "1.19 nosplit", "48 83 ec 40 48 89 6c 24 38 48 8d 6c 24 38 48 89 44 24 48 c3", X86, 0, SITE_FIRST,
	  PROBE_STEPPED, true },
	{ "1.19 mcall", "48 89 c2 48 8b 1c 24 49 89 5e 40 48 8d 5c 24 08 49 89 5e 38 49 89 6e 68 49 8b 5e 30 c3", X86,
	  0, SITE_FIRST, PROBE_STEPPED, true },
	{ "1.26 small frame: cmp, jbe, push", "49 3b 66 10 0f 86 e5 01 00 00 55 48 89 e5 48 83 ec 38 48 89 44 24 48",
	  X86, 10, SITE_PUSH, PROBE_EMULATED, true },
	{ "1.26 short branch", "49 3b 66 10 76 69 55 48 89 e5 48 83 ec 28", X86, 6, SITE_PUSH, PROBE_EMULATED, true },
	{ "1.26 large frame", "4c 8d a4 24 70 ff ff ff 4d 3b 66 10 0f 86 89 07 00 00 55 48 89 e5 48 81 ec 08 01 00 00",
	  X86, 18, SITE_PUSH, PROBE_EMULATED, true },
	{ "1.26 on the system stack: its guard is the other",
	  "4c 8d 64 24 e8 4d 3b 66 18 0f 86 1e 04 00 00 55 48 89 e5", X86, 15, SITE_PUSH, PROBE_EMULATED, true },
	{ "1.26 huge frame: push beyond byte 24",
	  "49 89 e4 49 81 ec 38 2d 00 00 0f 82 c0 03 00 00 4d 3b 66 10 0f 86 b6 03 00 00 55 48 89 e5 48 81 ec b0 2d 00 "
	  "00",
	  X86, 26, SITE_PUSH, PROBE_EMULATED, true },
	{ "1.26 old convention, g from fs",
	  "64 4c 8b 34 25 f8 ff ff ff 49 89 e4 49 81 ec 88 ff 00 00 0f 82 85 00 00 00 4d 3b 66 10 76 7f 55 48 89 e5",
	  X86, 31, SITE_PUSH, PROBE_EMULATED, true },
	{ "1.26 the same in a PIE with cgo",
	  "49 c7 c6 d0 ff ff ff 64 4d 8b 36 49 3b 66 10 76 5e 55 48 89 e5 48 83 ec 10", X86, 17, SITE_PUSH,
	  PROBE_EMULATED, true },
	{ "1.26 nosplit", "55 48 89 e5 48 83 ec 58 48 89 44 24 68", X86, 0, SITE_PUSH, PROBE_EMULATED, true },
	{ "1.26 no frame: memequal", "48 39 d8 75 08 48 c7 c0 01 00 00 00 c3 48 89 c6 48 89 df 48 89 cb e9 85 fe ff ff",
	  X86, 0, SITE_FIRST, PROBE_STEPPED, true },
	{ "a jump at once", "eb 02 90 90 c3", X86, 0, SITE_FIRST, PROBE_EMULATED, true },
	{ "a loop to the first instruction", "48 ff c8 75 fb c3", X86, 0, SITE_FIRST, PROBE_STEPPED, false },
	{ "an argument is compared, not the stack", "49 3b 46 10 76 02 55 5d c3", X86, 0, SITE_FIRST, PROBE_STEPPED,
	  true },
	{ "the stack is compared with something else", "49 3b 66 20 76 02 55 5d c3", X86, 0, SITE_FIRST, PROBE_STEPPED,
	  true },
	{ "flags are no longer those of the comparison", "49 3b 66 10 4c 8d 64 24 f8 76 02 55 5d c3", X86, 0,
	  SITE_FIRST, PROBE_STEPPED, true },
	{ "an argument is gone before the push", "49 3b 66 10 48 31 c0 76 02 55 5d c3", X86, 0, SITE_FIRST,
	  PROBE_STEPPED, true },
	{ "an argument is gone after the branch", "49 3b 66 10 76 04 48 31 c0 55 5d c3", X86, 4, SITE_STACK_CHECK,
	  PROBE_EMULATED, true },
	{ "1.26 small frame: ldr, cmp, b.ls", "90 0b 40 f9 ff 63 30 eb 09 10 00 54 fe 0f 1b f8 fd 83 1f f8", ARM, 8,
	  SITE_STACK_CHECK, PROBE_EMULATED, true },
	{ "1.26 large frame", "90 0f 40 f9 f1 83 00 d1 3f 02 10 eb c9 1f 00 54 fe 0f 16 f8", ARM, 12, SITE_STACK_CHECK,
	  PROBE_EMULATED, true },
	{ "1.26 huge frame: b.lo first",
	  "90 0b 40 f9 1b aa 85 d2 f1 63 3b eb 63 1d 00 54 3f 02 10 eb 29 1d 00 54 1b ba 85 d2", ARM, 20,
	  SITE_STACK_CHECK, PROBE_EMULATED, true },
	{ "1.26 huger frame: movk",
	  "90 0b 40 f9 1b f2 9f d2 fb 03 a0 f2 f1 63 3b eb e3 06 00 54 3f 02 10 eb a9 06 00 54", ARM, 24,
	  SITE_STACK_CHECK, PROBE_EMULATED, true },
	{ "1.26 nosplit", "fe 0f 19 f8 fd 83 1f f8 fd 23 00 d1 e0 3f 00 f9 c0 03 5f d6", ARM, 0, SITE_FIRST,
	  PROBE_STEPPED, true },
	{ "1.26 mcall", "fa 03 00 aa e0 03 00 91 80 1f 00 f9 9d 33 00 f9 9e 23 00 f9 c0 03 5f d6", ARM, 0, SITE_FIRST,
	  PROBE_STEPPED, true },
	{ "another branch", "90 0b 40 f9 ff 63 30 eb 08 10 00 54", ARM, 0, SITE_FIRST, PROBE_STEPPED, true },
};

static void entries(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct shape *s = &shapes[i];
		struct code code = code_of(s->arch, 0x401000, s->hex);
		struct probe_site site;

		if (probe_site__entry(&code, &site))
			fail_msg("%s: no site", s->what);
		if (site.addr != 0x401000 + s->at || site.kind != s->kind || site.class != s->class ||
		    site.exact != s->exact)
			fail_msg("%s: +%u %s, %s%s", s->what, (unsigned int)(site.addr - 0x401000),
				 probe_site_kind__name(site.kind), probe_class__name(site.class),
				 site.exact ? ", exact" : "");
		assert_int_equal(!!site.flags_mask, s->kind == SITE_STACK_CHECK);
		assert_int_equal(site.return_at, s->arch == X86 ? 0 : -1);
		code__free(&code);
	}
}

/* Below or equal: carry or zero on x86-64, no carry or zero on arm64. The branch is taken, and the call comes again. */
static void flags(void **state)
{
	struct code x86 = code_of(X86, 0, "49 3b 66 10 0f 86 49 01 00 00 48 83 ec 20");
	struct code arm = code_of(ARM, 0, "90 0b 40 f9 ff 63 30 eb 09 10 00 54");
	struct probe_site site;

	assert_int_equal(probe_site__entry(&x86, &site), 0);
	assert_true(probe_site__counts(&site, 0x202) && probe_site__counts(&site, 0x286));
	assert_false(probe_site__counts(&site, 0x203) || probe_site__counts(&site, 0x246) ||
		     probe_site__counts(&site, 0x247));
	assert_int_equal(probe_site__entry(&arm, &site), 0);
	assert_true(probe_site__counts(&site, 0x20001000) && probe_site__counts(&site, 0xa0001000));
	assert_false(probe_site__counts(&site, 0x1000) || probe_site__counts(&site, 0x60001000) ||
		     probe_site__counts(&site, 0x40001000) || probe_site__counts(&site, 0x80001000));
	code__free(&x86);
	code__free(&arm);
}

static void not_to_be_probed(void **state)
{
	static const char *const bad[] = { "cc", "66 90 c3", "f4 c3", "06", "" };
	struct probe_site site;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct code code = code_of(X86, 0x1000, bad[i]);

		assert_int_equal(probe_site__entry(&code, &site), -EILSEQ);
		code__free(&code);
	}
	assert_int_equal(probe_site__entry(&(struct code){ .arch = 9 }, &site), -EINVAL);
}

/* The same target twice and by a jump at the end, another one, and an indirect call; then memequal of 1.26. */
static void calls(void **state)
{
	struct code code = code_of(X86, 0x1000,
				   "55 90 e8 f9 0f 00 00 48 8d 05 00 00 00 00 e8 ed 0f 00 00 e8 00 00 00 00 "
				   "ff d0 5d e9 e0 0f 00 00");
	struct code tail = code_of(X86, 0x402a20,
				   "48 39 d8 75 08 48 c7 c0 01 00 00 00 c3 48 89 c6 48 89 df 48 89 cb "
				   "e9 85 fe ff ff");
	struct probe_site sites[4] = { { .addr = 0 } };

	assert_int_equal(probe_site__calls(&code, 0x2000, sites, 4), 3);
	assert_true(sites[0].addr == 0x1002 && sites[1].addr == 0x100e && sites[2].addr == 0x101b);
	assert_true(sites[0].kind == SITE_CALL && sites[0].class == PROBE_EMULATED && sites[0].exact &&
		    !sites[0].flags_mask);
	assert_int_equal(sites[3].addr, 0);
	sites[1].addr = 0;
	assert_int_equal(probe_site__calls(&code, 0x2000, sites, 1), 3);
	assert_int_equal(sites[1].addr, 0);
	assert_int_equal(probe_site__calls(&code, 0x2001, sites, 4), 0);
	assert_int_equal(probe_site__calls(&tail, 0x4028c0, sites, 4), 1);
	assert_int_equal(sites[0].addr, 0x402a36);
	/* a jump within is none */
	assert_int_equal(probe_site__calls(&tail, 0x402a2d, sites, 4), 0);
	code__free(&tail);
	code__free(&code);
	code = code_of(ARM, 0x1000, "02 00 00 14 00 00 00 00 fe 03 00 94 fd ff ff 97 fc 03 00 14");
	assert_int_equal(probe_site__calls(&code, 0x2000, sites, 4), 2);
	assert_true(sites[0].addr == 0x1008 && sites[1].addr == 0x1010 && sites[0].class == PROBE_EMULATED);
	code__free(&code);
}

/* Bytes that hide what follows: rather no answer than one short of a call. */
static void calls_behind_bad_bytes(void **state)
{
	struct code code = code_of(X86, 0x1000, "55 06 e8 f9 0f 00 00 c3");
	struct probe_site site;

	assert_int_equal(probe_site__calls(&code, 0x2000, &site, 1), -EILSEQ);
	code__free(&code);
}

static void any_bytes(void **state)
{
	struct probe_site sites[2];
	uint64_t seed = 7;

	for (int i = 0; i < 4000; i++) {
		struct code code = code_of_chance(i & 1 ? X86 : ARM, &seed, i / 20);
		int ret = probe_site__entry(&code, &sites[0]);

		assert_true(ret == 0 || ret == -EILSEQ);
		if (!ret)
			assert_true(sites[0].addr - code.addr < ENTRY_BYTES_MAX && sites[0].class != PROBE_REFUSED);
		ret = probe_site__calls(&code, code.addr + 64, sites, 2);
		assert_true(ret >= -EILSEQ && ret <= (int)code.len);
		code__free(&code);
	}
}

/* Each shape cut short and each with a byte changed: an answer or an error, nothing outside its bytes. */
static void damaged(void **state)
{
	struct probe_site site;

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct code whole = code_of(shapes[i].arch, 0x1000, shapes[i].hex);

		for (size_t len = 0; len < whole.len; len++) {
			uint8_t *bytes = malloc(len ? len : 1);
			struct code cut = { bytes, len, 0x1000, shapes[i].arch };

			assert_non_null(bytes);
			memcpy(bytes, whole.bytes, len);
			probe_site__entry(&cut, &site);
			for (int bit = 0; len && bit < 8; bit++) {
				bytes[len - 1] ^= 1 << bit;
				if (!probe_site__entry(&cut, &site))
					assert_true(site.addr - 0x1000 < len);
			}
			free(bytes);
		}
		code__free(&whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(flags),
		cmocka_unit_test(not_to_be_probed),
		cmocka_unit_test(calls),
		cmocka_unit_test(calls_behind_bad_bytes),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
