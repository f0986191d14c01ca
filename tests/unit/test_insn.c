// SPDX-License-Identifier: BSD-2-Clause
/* Instructions, as compilers for Go and C write them, one by one; and bytes that are none. */
#include "code.h"

#define X86 TARE_ARCH_X86_64
#define ARM TARE_ARCH_ARM64
#define NO  INSN_NO_REG

static struct insn decode_one(int arch, uint64_t addr, const char *hex)
{
	struct code code = code_of(arch, addr, hex);
	struct insn_iter it;
	struct insn in;

	assert_int_equal(insn_iter__open(&it, &code), 0);
	if (insn_iter__next(&it, &in) != 1 || in.len != code.len)
		fail_msg("%s: not one instruction", hex);
	assert_int_equal(in.addr, addr);
	insn_iter__close(&it);
	in.bytes = NULL;
	code__free(&code);
	return in;
}

static void operands(void **state)
{
	static const struct {
		int arch;
		const char *hex;
		struct insn in;
	} cases[] = {
		{ X86, "55", { .kind = INSN_PUSH, .reg = X86_RBP, .base = NO, .size_bytes = 8 } },
		{ X86, "41 56", { .kind = INSN_PUSH, .reg = X86_R14, .base = NO, .size_bytes = 8 } },
		{ X86,
		  "76 5e",
		  { .kind = INSN_JCC, .cond = COND_BELOW_EQUAL, .target = 0x1060, .reg = NO, .base = NO } },
		{ X86,
		  "0f 86 49 01 00 00",
		  { .kind = INSN_JCC, .cond = COND_BELOW_EQUAL, .target = 0x114f, .reg = NO, .base = NO } },
		{ X86,
		  "0f 82 c0 03 00 00",
		  { .kind = INSN_JCC, .cond = COND_BELOW, .target = 0x13c6, .reg = NO, .base = NO } },
		{ X86, "75 fe", { .kind = INSN_JCC, .target = 0x1000, .reg = NO, .base = NO } },
		{ X86, "eb 8a", { .kind = INSN_JMP, .target = 0xf8c, .reg = NO, .base = NO } },
		{ X86, "e8 fb ff ff ff", { .kind = INSN_CALL, .target = 0x1000, .reg = NO, .base = NO } },
		{ X86, "41 ff d4", { .kind = INSN_CALL_INDIRECT, .reg = NO, .base = NO } },
		{ X86, "ff 25 00 00 00 00", { .kind = INSN_JMP_INDIRECT, .reg = NO, .base = NO } },
		{ X86, "c3", { .kind = INSN_RET, .reg = NO, .base = NO } },
		{ X86,
		  "49 3b 66 10",
		  { .kind = INSN_CMP, .reg = X86_RSP, .base = X86_R14, .imm = 16, .mem = true, .size_bytes = 8 } },
		{ X86,
		  "83 3d f9 0f 00 00 00",
		  { .kind = INSN_CMP,
		    .reg = NO,
		    .base = NO,
		    .target = 0x2000,
		    .imm = 0xff9,
		    .mem = true,
		    .pc_relative = true,
		    .size_bytes = 4 } },
		{ X86,
		  "4c 8d 64 24 e8",
		  { .kind = INSN_ADD, .reg = X86_R12, .base = X86_RSP, .imm = -24, .size_bytes = 8 } },
		{ X86,
		  "49 81 ec 38 2d 00 00",
		  { .kind = INSN_ADD, .reg = X86_R12, .base = X86_R12, .imm = -0x2d38, .size_bytes = 8 } },
		{ X86, "49 89 e4", { .kind = INSN_MOV, .reg = X86_R12, .base = X86_RSP, .size_bytes = 8 } },
		{ X86,
		  "48 8d 05 f9 0f 00 00",
		  { .kind = INSN_ADDRESS,
		    .reg = X86_RAX,
		    .base = NO,
		    .target = 0x2000,
		    .imm = 0xff9,
		    .pc_relative = true,
		    .size_bytes = 8 } },
		{ X86,
		  "48 8b 0d f9 ff ff ff",
		  { .kind = INSN_LOAD,
		    .reg = 1,
		    .base = NO,
		    .target = 0x1000,
		    .imm = -7,
		    .mem = true,
		    .pc_relative = true,
		    .size_bytes = 8 } },
		{ X86,
		  "64 48 8b 04 25 f8 ff ff ff",
		  { .kind = INSN_LOAD,
		    .reg = X86_RAX,
		    .base = NO,
		    .imm = -8,
		    .mem = true,
		    .tls = true,
		    .size_bytes = 8 } },
		{ X86,
		  "64 4d 8b 36",
		  { .kind = INSN_LOAD, .reg = X86_R14, .base = X86_R14, .mem = true, .tls = true, .size_bytes = 8 } },
		{ X86,
		  "48 c7 c1 d0 ff ff ff",
		  { .kind = INSN_MOV_IMM, .reg = 1, .base = NO, .imm = -48, .size_bytes = 8 } },
		{ X86,
		  "b9 ff ff ff ff",
		  { .kind = INSN_MOV_IMM, .reg = 1, .base = NO, .imm = 0xffffffff, .size_bytes = 4 } },
		{ X86,
		  "48 89 6c 24 18",
		  { .kind = INSN_STORE, .reg = X86_RBP, .base = X86_RSP, .imm = 24, .mem = true, .size_bytes = 8 } },
		{ X86,
		  "48 01 50 20",
		  { .kind = INSN_STORE, .reg = NO, .base = 0, .imm = 32, .mem = true, .size_bytes = 8 } },
		{ X86, "0f 1f 44 00 00", { .kind = INSN_NOP, .reg = NO, .base = NO } },
		{ ARM,
		  "90 0b 40 f9",
		  { .kind = INSN_LOAD, .reg = 16, .base = 28, .imm = 16, .mem = true, .size_bytes = 8 } },
		{ ARM, "f1 83 00 d1", { .kind = INSN_ADD, .reg = 17, .base = ARM64_SP, .imm = -32, .size_bytes = 8 } },
		{ ARM, "94 42 40 d1", { .kind = INSN_ADD, .reg = 20, .base = 20, .imm = -0x10000, .size_bytes = 8 } },
		{ ARM,
		  "f1 63 3b eb",
		  { .kind = INSN_SUB_REG, .reg = 17, .base = ARM64_SP, .index = 27, .size_bytes = 8 } },
		{ ARM, "1b f2 9f d2", { .kind = INSN_MOV_IMM, .reg = 27, .base = NO, .imm = 0xff90, .size_bytes = 8 } },
		{ ARM,
		  "1b 00 a0 d2",
		  { .kind = INSN_MOV_IMM, .reg = 27, .base = NO, .imm = 0, .shift = 16, .size_bytes = 8 } },
		{ ARM,
		  "fb 03 a0 f2",
		  { .kind = INSN_MOV_PART, .reg = 27, .base = NO, .imm = 31, .shift = 16, .size_bytes = 8 } },
		{ ARM, "e1 0b 7f b2", { .kind = INSN_MOV_IMM, .reg = 1, .base = NO, .imm = 14, .size_bytes = 8 } },
		{ ARM, "e0 03 00 91", { .kind = INSN_MOV, .reg = 0, .base = ARM64_SP, .size_bytes = 8 } },
		{ ARM, "ff 63 30 eb", { .kind = INSN_CMP, .reg = ARM64_SP, .base = 16, .size_bytes = 8 } },
		{ ARM, "3f 02 10 eb", { .kind = INSN_CMP, .reg = 17, .base = 16, .size_bytes = 8 } },
		{ ARM,
		  "09 10 00 54",
		  { .kind = INSN_JCC, .cond = COND_BELOW_EQUAL, .target = 0x1200, .reg = NO, .base = NO } },
		{ ARM,
		  "e3 06 00 54",
		  { .kind = INSN_JCC, .cond = COND_BELOW, .target = 0x10dc, .reg = NO, .base = NO } },
		{ ARM, "80 00 00 b4", { .kind = INSN_JCC, .target = 0x1010, .reg = 0, .base = NO, .size_bytes = 8 } },
		{ ARM, "02 00 00 14", { .kind = INSN_JMP, .target = 0x1008, .reg = NO, .base = NO } },
		{ ARM, "88 93 00 94", { .kind = INSN_CALL, .target = 0x25e20, .reg = NO, .base = NO } },
		{ ARM, "40 03 3f d6", { .kind = INSN_CALL_INDIRECT, .reg = 26, .base = NO, .size_bytes = 8 } },
		{ ARM, "c0 03 5f d6", { .kind = INSN_RET, .reg = NO, .base = NO } },
		{ ARM,
		  "3b 08 00 d0",
		  { .kind = INSN_ADDRESS, .reg = 27, .base = NO, .target = 0x107000, .size_bytes = 8 } },
		{ ARM, "61 0b 40 a9", { .kind = INSN_LOAD, .reg = 1, .base = 27, .mem = true, .size_bytes = 8 } },
		{ ARM,
		  "60 83 bf 39",
		  { .kind = INSN_LOAD, .reg = 0, .base = 27, .imm = 4064, .mem = true, .size_bytes = 1 } },
		{ ARM,
		  "1c 68 7b f8",
		  { .kind = INSN_LOAD, .reg = 28, .base = 0, .index = 27, .mem = true, .size_bytes = 8 } },
		{ ARM,
		  "fe 0f 1b f8",
		  { .kind = INSN_STORE, .reg = 30, .base = ARM64_SP, .imm = -80, .mem = true, .size_bytes = 8 } },
		{ ARM, "40 d0 3b d5", { .kind = INSN_THREAD_POINTER, .reg = 0, .base = NO, .size_bytes = 8 } },
		{ ARM, "1f 20 03 d5", { .kind = INSN_NOP, .reg = NO, .base = NO } },
		{ ARM, "00 00 00 00", { .kind = INSN_BAD, .reg = NO, .base = NO } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct insn in = decode_one(cases[i].arch, 0x1000, cases[i].hex), want = cases[i].in;
		bool indexed = want.kind == INSN_SUB_REG || (want.kind == INSN_LOAD && want.index);

		if (!indexed)
			want.index = NO;
		if (in.kind != want.kind || in.reg != want.reg || in.base != want.base || in.index != want.index ||
		    in.imm != want.imm || in.target != want.target || in.cond != want.cond || in.mem != want.mem ||
		    in.pc_relative != want.pc_relative || in.tls != want.tls ||
		    (want.size_bytes && in.size_bytes != want.size_bytes) || in.shift != want.shift)
			fail_msg("%s: kind %d reg %d base %d index %d imm %lld target %llx cond %d mem %d pc %d tls %d "
				 "size %d",
				 cases[i].hex, in.kind, in.reg, in.base, in.index, (long long)in.imm,
				 (long long)in.target, in.cond, in.mem, in.pc_relative, in.tls, in.size_bytes);
	}
}

/* What is said to change must hold a part of the register as well: `xor %eax,%eax` ends what was known of rax. */
static void writes(void **state)
{
	static const struct {
		int arch;
		const char *hex;
		uint32_t writes;
	} cases[] = {
		{ X86, "31 c0", 1 << 0 },
		{ X86, "b4 01", 1 << 0 },
		{ X86, "0f b6 5c 24 0f", 1 << 3 },
		{ X86, "48 89 6c 24 18", 0 },
		{ X86, "f0 0f b1 11", 1 << 0 },
		{ X86, "41 b0 01", 1 << 8 },
		{ X86, "55", 1 << 4 },
		{ X86, "0f 05", 1 << 0 | 1 << 1 | 1 << 11 },
		{ X86, "66 44 0f d6 7c 24 08", 0 },
		{ ARM, "e0 03 1f aa", 1 << 0 },
		{ ARM, "61 0b 40 a9", 1 << 1 | 1 << 2 },
		{ ARM, "1f 00 02 eb", 0 },
		{ ARM, "e2 17 00 f9", 0 },
		{ ARM, "e0 17 9f 1a", 1 << 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct insn in = decode_one(cases[i].arch, 0x1000, cases[i].hex);

		if (in.kind != INSN_CMP && in.writes != cases[i].writes)
			fail_msg("%s writes %x", cases[i].hex, in.writes);
	}
}

static void probe_classes(void **state)
{
	static const struct {
		int arch;
		const char *hex;
		uint64_t addr;
		enum probe_class class;
	} cases[] = {
		{ X86, "55", 0, PROBE_EMULATED },
		{ X86, "41 57", 0, PROBE_EMULATED },
		{ X86, "48 55", 0, PROBE_STEPPED },
		{ X86, "66 55", 0, PROBE_STEPPED },
		{ X86, "5d", 0, PROBE_STEPPED },
		{ X86, "76 00", 0, PROBE_EMULATED },
		{ X86, "0f 86 00 00 00 00", 0, PROBE_EMULATED },
		{ X86, "2e 76 00", 0, PROBE_REFUSED },
		{ X86, "eb 00", 0, PROBE_EMULATED },
		{ X86, "e9 00 00 00 00", 0, PROBE_EMULATED },
		{ X86, "e8 00 00 00 00", 0, PROBE_EMULATED },
		{ X86, "ff d0", 0, PROBE_STEPPED },
		{ X86, "c3", 0, PROBE_STEPPED },
		{ X86, "90", 0, PROBE_EMULATED },
		{ X86, "66 90", 0, PROBE_REFUSED },
		{ X86, "f3 90", 0, PROBE_EMULATED },
		{ X86, "0f 1f 00", 0, PROBE_NOP },
		{ X86, "66 0f 1f 44 00 00", 0, PROBE_NOP },
		{ X86, "0f 1f 44 00 00", 0x1ffb, PROBE_NOP5 },
		{ X86, "0f 1f 44 00 00", 0x1ffc, PROBE_NOP },
		{ X86, "66 2e 0f 1f 84 00 00 00 00 00", 0, PROBE_REFUSED },
		{ X86, "f0 0f b1 11", 0, PROBE_REFUSED },
		{ X86, "cc", 0, PROBE_REFUSED },
		{ X86, "f4", 0, PROBE_REFUSED },
		{ X86, "fa", 0, PROBE_REFUSED },
		{ X86, "49 3b 66 10", 0, PROBE_STEPPED },
		{ X86, "64 48 8b 04 25 f8 ff ff ff", 0, PROBE_STEPPED },
		{ ARM, "09 10 00 54", 0, PROBE_EMULATED },
		{ ARM, "88 93 00 94", 0, PROBE_EMULATED },
		{ ARM, "02 00 00 14", 0, PROBE_EMULATED },
		{ ARM, "80 00 00 b4", 0, PROBE_EMULATED },
		{ ARM, "a2 04 00 37", 0, PROBE_EMULATED },
		{ ARM, "3b 08 00 d0", 0, PROBE_EMULATED },
		{ ARM, "c0 03 5f d6", 0, PROBE_EMULATED },
		{ ARM, "40 03 3f d6", 0, PROBE_EMULATED },
		{ ARM, "1f 20 03 d5", 0, PROBE_NOP },
		{ ARM, "fe 0f 1b f8", 0, PROBE_STEPPED },
		{ ARM, "90 0b 40 f9", 0, PROBE_STEPPED },
		{ ARM, "00 00 20 d4", 0, PROBE_REFUSED },
		{ ARM, "00 00 00 00", 0, PROBE_REFUSED },
		{ ARM, "5f 24 03 d5", 0, PROBE_REFUSED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct code code = code_of(cases[i].arch, cases[i].addr, cases[i].hex);
		struct insn_iter it;
		struct insn in;

		assert_int_equal(insn_iter__open(&it, &code), 0);
		assert_int_equal(insn_iter__next(&it, &in), 1);
		if (insn__probe_class(&in, cases[i].arch) != cases[i].class)
			fail_msg("%s is %s", cases[i].hex, probe_class__name(insn__probe_class(&in, cases[i].arch)));
		insn_iter__close(&it);
		code__free(&code);
	}
	assert_string_equal(probe_class__name(PROBE_STEPPED), "single-stepped");
}

/* To the end or to the first byte that is none, and never further: the bytes lie in memory of just that size. */
static size_t walk(const struct code *code, int *ret)
{
	struct insn_iter it;
	struct insn in;
	size_t at = 0;

	assert_int_equal(insn_iter__open(&it, code), 0);
	while ((*ret = insn_iter__next(&it, &in)) > 0) {
		assert_true(in.len > 0 && in.len <= code->len - at);
		assert_true(in.addr == code->addr + at && in.bytes == code->bytes + at);
		insn__probe_class(&in, code->arch);
		at += in.len;
	}
	insn_iter__close(&it);
	return at;
}

static void any_bytes(void **state)
{
	uint64_t seed = 1;

	for (int i = 0; i < 4000; i++) {
		int arch = i & 1 ? X86 : ARM, ret;
		struct code code = code_of_chance(arch, &seed, i / 20);
		size_t at = walk(&code, &ret);

		if (arch == ARM || !ret)
			assert_int_equal(at, code.len);
		else
			assert_int_equal(ret, -EILSEQ);
		code__free(&code);
	}
}

static void cut_off(void **state)
{
	struct code code = code_of(X86, 0x1000, "64 48 8b 04 25 f8 ff ff ff");
	int ret;

	for (size_t len = 1; len < code.len; len++) {
		uint8_t *bytes = malloc(len);
		struct code cut = { bytes, len, 0x1000, X86 };

		assert_non_null(bytes);
		memcpy(bytes, code.bytes, len);
		assert_int_equal(walk(&cut, &ret), 0);
		assert_int_equal(ret, -EILSEQ);
		free(bytes);
	}
	code__free(&code);
	code = code_of(ARM, 0x1000, "c0 03 5f d6 c0 03");
	assert_int_equal(walk(&code, &ret), 6);
	assert_int_equal(ret, 0);
	code__free(&code);
}

static void limits(void **state)
{
	struct code code = { (const uint8_t *)"", CODE_BYTES_MAX + 1, 0, X86 };
	struct insn_iter it;

	assert_int_equal(insn_iter__open(&it, &code), -E2BIG);
	code.len = 0;
	code.arch = 77;
	assert_int_equal(insn_iter__open(&it, &code), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands),  cmocka_unit_test(writes),	cmocka_unit_test(probe_classes),
		cmocka_unit_test(any_bytes), cmocka_unit_test(cut_off), cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
