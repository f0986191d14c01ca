// SPDX-License-Identifier: BSD-2-Clause
/* Variables and the thread-local g, found in functions of the Go runtime as 1.19 and 1.26 compile them. */
#include "code.h"
#include "gopattern.h"

#define X86 TARE_ARCH_X86_64
#define ARM TARE_ARCH_ARM64

static const struct {
	const char *name, *hex;
	int arch;
	uint64_t addr;
} functions[] = {
	{ "runtime.stopm",
	  "49 3b 66 10 0f 86 fe 00 00 00 55 48 89 e5 48 83 ec 20 49 8b 4e 30 83 b9 08 01 00 00 00 0f 1f 00 0f 85 d0 00 "
	  "00 "
	  "00 48 83 b9 d0 00 00 00 00 0f 85 b1 00 00 00 80 b9 14 01 00 00 00 0f 1f 44 00 00 0f 85 89 00 00 00 4c 89 74 "
	  "24 "
	  "18 90 90 48 8d 05 2c e3 10 00 e8 47 c0 fc ff 48 8b 4c 24 18 48 8b 41 30 e8 d9 9c 00 00 90 90 48 8d 05 10 e3 "
	  "10 "
	  "00 e8 8b c4 fc ff 4c 89 74 24 10 49 8b 46 30 84 00 48 05 58 01 00 00 90 e8 94 ba fc ff c3",
	  X86, 0x44d060 },
	{ "runtime.lock2", "c3", X86, 0x419100 },
	{ "runtime.preemptall",
	  "49 3b 66 10 76 69 55 48 89 e5 48 83 ec 28 48 8b 0d 5b 23 10 00 48 89 4c 24 20 48 8b 15 57 23 10 00 48 89 54 "
	  "24 "
	  "18 31 c0 31 db eb 03 48 ff c0 48 39 d0 7d 33 48 8b 34 c1 83 7e 04 01 75 ee 48 89 44 24 10 88 5c 24 0f 48 89 "
	  "f0 "
	  "e8 31 00 00 00 0f b6 5c 24 0f 09 c3 c3",
	  X86, 0x455e40 },
	{ "runtime.stopm",
	  "90 0b 40 f9 ff 63 30 eb 29 07 00 54 fe 0f 1d f8 fd 83 1f f8 fd 23 00 d1 82 1b 40 f9 43 08 81 b9 c3 05 00 35 "
	  "43 "
	  "68 40 f9 03 05 00 b5 42 50 44 39 42 04 00 37 fc 13 00 f9 1f 20 03 d5 1f 20 03 d5 e0 05 00 f0 00 60 0b 91 ce "
	  "48 "
	  "ff 97 e1 13 40 f9 20 18 40 f9 7b 21 00 94 1f 20 03 d5 1f 20 03 d5 e0 05 00 f0 00 60 0b 91 62 49 ff 97",
	  ARM, 0x46770 },
	{ "runtime.lock2", "c0 03 5f d6", ARM, 0x18af0 },
	{ "runtime.preemptall",
	  "90 0b 40 f9 ff 63 30 eb 29 04 00 54 fe 0f 1c f8 fd 83 1f f8 fd 23 00 d1 3b 08 00 f0 7b c3 05 91 61 0b 40 a9 "
	  "e2 "
	  "17 00 f9 e1 1b 00 f9 e0 03 1f aa e3 03 1f aa 02 00 00 14 00 04 00 91 1f 00 02 eb ea 01 00 54 24 78 60 f8",
	  ARM, 0x62070 },
};

/* The functions of one architecture, or with .instead one of them replaced. */
struct world {
	int arch;
	const char *instead, *hex;
	struct code given[4];
	int nr;
};

static int lookup(void *ctx, const char *name, struct code *code)
{
	struct world *w = ctx;

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		const char *hex = functions[i].hex;

		if (functions[i].arch != w->arch || strcmp(functions[i].name, name))
			continue;
		if (w->instead && !strcmp(w->instead, name))
			hex = w->hex;
		if (!hex)
			return -ENOENT;
		assert_true(w->nr < 4);
		w->given[w->nr] = code_of(w->arch, functions[i].addr, hex);
		*code = w->given[w->nr++];
		return 0;
	}
	return -ENOENT;
}

static int find(struct world w, const char *name, int minor, uint64_t *addr)
{
	int ret;

	*addr = 0;
	ret = gopattern__find(name, minor, lookup, &w, addr);
	while (w.nr--)
		code__free(&w.given[w.nr]);
	return ret;
}

static void variables(void **state)
{
	struct world x86 = { .arch = X86 }, arm = { .arch = ARM };
	uint64_t addr;

	assert_int_equal(find(x86, "runtime.sched", 26, &addr), 0);
	assert_int_equal(addr, 0x55b3c0);
	assert_int_equal(find(x86, "runtime.sched", 99, &addr), 0); /* newer than any: as the newest */
	assert_int_equal(addr, 0x55b3c0);
	assert_int_equal(find(x86, "runtime.sched", 24, &addr), 0); /* there the lock is 8 bytes nearer */
	assert_int_equal(addr, 0x55b3c8);
	assert_int_equal(find(arm, "runtime.sched", 19, &addr), 0);
	assert_int_equal(addr, 0x1052c0);
	assert_int_equal(find(x86, "runtime.allp", 26, &addr), 0);
	assert_int_equal(addr, 0x5581b0);
	assert_int_equal(find(arm, "runtime.allp", 26, &addr), 0);
	assert_int_equal(addr, 0x169170);
}

static void not_found(void **state)
{
	uint64_t addr;

	assert_int_equal(find((struct world){ .arch = X86 }, "runtime.nothing", 26, &addr), -ENOENT);
	assert_int_equal(find((struct world){ .arch = X86 }, "runtime.sched", 18, &addr), -ENOENT);
	assert_int_equal(find((struct world){ .arch = X86 }, "runtime.mheap_", 26, &addr), -ENOENT);
	assert_int_equal(find((struct world){ .arch = X86, .instead = "runtime.lock2" }, "runtime.sched", 26, &addr),
			 -ENOENT);
	assert_int_equal(find((struct world){ .arch = X86, .instead = "runtime.preemptall", .hex = "c3" },
			      "runtime.allp", 26, &addr),
			 -ENOENT);
}

/* rax may not be what it was set to: changed, in part or by a call, or the code is reached from elsewhere. */
static void only_what_is_sure(void **state)
{
	static const struct {
		const char *hex;
		int ret;
	} cases[] = {
#define LEA "48 8d 05 f9 0f 00 00 " /* at 0x44d060: 0x44e060 */
		{ LEA "e8 94 c0 fc ff", 0 },
		{ LEA "90 0f 1f 00 e8 90 c0 fc ff", 0 },
		{ LEA "31 c9 48 89 cb e8 8f c0 fc ff", 0 },
		{ LEA "31 c0 e8 92 c0 fc ff", -ENOENT },
		{ LEA "b0 01 e8 92 c0 fc ff", -ENOENT },
		{ LEA "ff d1 e8 92 c0 fc ff", -ENOENT },
		{ LEA "eb 00 e8 92 c0 fc ff", -ENOENT },
		{ LEA "f0 0f b1 11 e8 90 c0 fc ff", -ENOENT },
		{ "48 8d 0d f9 0f 00 00 48 89 c8 e8 91 c0 fc ff", 0 },
		{ "48 8d 0d f8 0f 00 00 48 8d 41 01 e8 90 c0 fc ff", 0 },
		{ LEA "e8 94 c0 fc ff " LEA "e8 88 c0 fc ff", -ENOTUNIQ },
		{ LEA "06 e8 94 c0 fc ff", -EILSEQ },
	};
	uint64_t addr;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w = { .arch = X86, .instead = "runtime.stopm", .hex = cases[i].hex };
		struct code code, callee;
		/* the second way, handoffp, is not there: what is asked is the first */
		int ret = lookup(&w, "runtime.stopm", &code) ?: lookup(&w, "runtime.lock2", &callee);

		assert_int_equal(ret, 0);
		ret = gopattern__in(&code, callee.addr, 8, &addr);
		if (ret != cases[i].ret || (!ret && addr != 0x44e060))
			fail_msg("%s: %d, %llx", cases[i].hex, ret, (unsigned long long)addr);
		while (w.nr--)
			code__free(&w.given[w.nr]);
	}
}

static void thread_local_g(void **state)
{
	static const struct {
		const char *what, *hex;
		int arch;
		uint64_t addr;
		int ret;
		struct gotls tls;
	} cases[] = {
		{ "static",
		  "64 48 8b 04 25 f8 ff ff ff 48 39 60 08 77 05 e8 cc ff ff ff 48 3b 20 77 05 e8 c2 ff ff ff c3",
		  X86,
		  0x47df20,
		  0,
		  { GOTLS_OFFSET, -8, 0, 0 } },
		{ "PIE with cgo",
		  "48 c7 c1 d0 ff ff ff 64 48 8b 01 48 39 60 08 77 05 e8 ca ff ff ff c3",
		  X86,
		  0xa50a0,
		  0,
		  { GOTLS_OFFSET, -48, 0, 0 } },
		{ "shared object",
		  "48 8b 0d f1 fd 0a 00 64 48 8b 01 48 39 60 08 77 05 e8 ca ff ff ff c3",
		  X86,
		  0x941a0,
		  0,
		  { GOTLS_SLOT, 0, 0x143f98, 0 } },
		{ "static",
		  "3b 08 00 d0 60 83 bf 39 80 00 00 b4 40 d0 3b d5 1b 02 80 d2 1c 68 7b f8 c0 03 5f d6",
		  ARM,
		  0x8a020,
		  0,
		  { GOTLS_OFFSET, 16, 0, 0x190fe0 } },
		{ "PIE",
		  "bb 09 00 f0 60 03 80 39 a0 00 00 b4 40 d0 3b d5 1b 00 a0 d2 1b 02 80 f2 1c 68 7b f8 c0 03 5f d6",
		  ARM,
		  0x8a020,
		  0,
		  { GOTLS_OFFSET, 16, 0, 0x1c1000 } },
		{ "shared object",
		  "bb 09 00 f0 60 03 80 39 a0 00 00 b4 40 d0 3b d5 db 08 00 d0 7b 27 47 f9 1c 68 7b f8 c0 03 5f d6",
		  ARM,
		  0x8a020,
		  0,
		  { GOTLS_SLOT, 0, 0x1a4e48, 0x1c1000 } },
		{ "nothing thread-local", "48 8b 01 c3", X86, 0x1000, -ENOENT, { 0 } },
		{ "by a register that nobody set", "64 48 8b 01 c3", X86, 0x1000, -ENOENT, { 0 } },
		{ "set, but changed since", "48 c7 c1 d0 ff ff ff b1 01 64 48 8b 01 c3", X86, 0x1000, -ENOENT, { 0 } },
		{ "behind a call", "e8 00 00 00 00 64 48 8b 04 25 f8 ff ff ff c3", X86, 0x1000, -ENOENT, { 0 } },
		{ "nothing", "", X86, 0x1000, -ENOENT, { 0 } },
		{ "no instruction", "06", X86, 0x1000, -EILSEQ, { 0 } },
		{ "no thread pointer", "1b 02 80 d2 1c 68 7b f8 c0 03 5f d6", ARM, 0x1000, -ENOENT, { 0 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct code code = code_of(cases[i].arch, cases[i].addr, cases[i].hex);
		const struct gotls *want = &cases[i].tls;
		struct gotls tls;
		int ret = gotls__decode(&code, &tls);

		if (ret != cases[i].ret || (!ret && (tls.kind != want->kind || tls.offset != want->offset ||
						     tls.slot != want->slot || tls.iscgo != want->iscgo)))
			fail_msg("%s: %d, kind %d offset %lld slot %llx iscgo %llx", cases[i].what, ret, tls.kind,
				 (long long)tls.offset, (unsigned long long)tls.slot, (unsigned long long)tls.iscgo);
		code__free(&code);
	}
	assert_string_equal(gotls__function(X86), "runtime.stackcheck");
	assert_string_equal(gotls__function(ARM), "runtime.load_g");
	assert_null(gotls__function(0));
}

/* work.cpuStats of 1.20, which one function adds to; what 1.27 adds to its own, two words at a time. */
static void words_in_a_row(void **state)
{
	static const char *const termination =
		"48 01 15 04 d5 0e 00 4c 8d 2c 37 4c 01 2d 01 d5 0e 00 4c 01 05 02 d5 0e 00 48 0f af c1 48 89 44 "
		"24 58 4d 0f af ca 4c 89 4c 24 78 4a 8d 0c 08 48 01 0d ed d4 0e 00 48 8d 0c 10 48 01 f1 48 01 f9 "
		"4c 01 c1 4c 01 c9 48 01 0d de d4 0e 00 4c 01 1d df d4 0e 00 4c 01 25 e0 d4 0e 00 4b 8d 0c 1c 48 "
		"01 0d dd d4 0e 00 48 8b 0d 1e da 0e 00 48 29 cb 48 63 0d d4 a8 11 00 48 0f af cb 48 03 0d 11 da "
		"0e 00 48 89 0d d2 d4 0e 00 48 8b 0d 23 df 0e 00 48 8b 1d b4 d4 0e 00 48 01 d9 48 89 0d aa d4 0e "
		"00 48 8b 1d b3 d4 0e 00 48 8b 35 7c d4 0e 00 48 03 35 8d d4 0e 00 48 01 f1 48 29 cb 48 89 1d 90 "
		"d4 0e 00 48 8b 0d 61 d4 0e 00 c3";
	static const char *const accumulate =
		"84 c9 74 21 90 48 8b 0d f4 ef 12 00 90 48 8b 15 f4 ef 12 00 90 48 8b 35 f4 ef 12 00 48 8b 3d f5 "
		"ef 12 00 eb 08 31 f6 31 d2 31 c9 31 ff 4c 8d 04 32 48 01 ca 48 01 f2 48 01 fa 90 48 8b 35 2e e5 "
		"12 00 90 4c 8b 0d 2e e5 12 00 48 01 08 4c 01 40 08 48 01 78 10 48 01 50 20 48 01 70 28 4c 01 48 "
		"30 4a 8d 0c 0e 48 01 48 38 48 2b 1d 98 fc 10 00 48 63 0d e9 e1 12 00 48 0f af d9 48 03 1d 8e fc "
		"10 00 48 89 58 50 48 8b 0d ab 01 11 00 48 8b 50 40 48 01 d1 48 89 48 40 48 8b 50 50 48 8b 58 20 "
		"48 03 58 38 48 01 d9 48 29 ca 48 89 50 48 c3";
	struct code old = code_of(X86, 0x41529d, termination), new = code_of(X86, 0x43fdc0, accumulate);
	uint64_t addr;

	assert_int_equal(gopattern__words(&old, 11, &addr), 0);
	assert_int_equal(addr, 0x5027a8);
	assert_int_equal(gopattern__words(&old, 12, &addr), -ENOENT);
	assert_int_equal(gopattern__words(&new, 2, &addr), 0);
	assert_int_equal(addr, 0x56e330);
	assert_int_equal(gopattern__words(&new, 3, &addr), 0); /* the last of four: gcController's */
	assert_int_equal(addr, 0x56edc8);
	assert_int_equal(gopattern__words(&new, 5, &addr), -ENOENT);
	code__free(&old);
	code__free(&new);
}

static int lookup_chance(void *ctx, const char *name, struct code *code)
{
	*code = *(struct code *)ctx;
	return 0;
}

static void any_bytes(void **state)
{
	uint64_t seed = 3, addr;
	struct gotls tls;

	for (int i = 0; i < 4000; i++) {
		struct code code = code_of_chance(i & 1 ? X86 : ARM, &seed, i / 20);

		gotls__decode(&code, &tls);
		for (const struct gopattern *p = gopatterns; p->name; p++)
			gopattern__find(p->name, p->to, lookup_chance, &code, &addr);
		code__free(&code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(variables),	  cmocka_unit_test(not_found),	    cmocka_unit_test(only_what_is_sure),
		cmocka_unit_test(thread_local_g), cmocka_unit_test(words_in_a_row), cmocka_unit_test(any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
