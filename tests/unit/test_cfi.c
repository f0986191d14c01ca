// SPDX-License-Identifier: BSD-2-Clause
/* Call frame information put together by hand: what its programs and expressions mean, and what damage does. */
#include "cfi.h"
#include "records.h"

#if defined(__x86_64__)
enum { START = 0x1000, LEN = 0x100, STACK_AT = 0x7000, WORDS = 8, RBX = 3, RBP = 6, SP = 7, RIP = 16 };

/* Version 1, factors 1 and -8, return address in rip; the CFA is rsp + 8, and below it the return address. */
#define CIE "18000000 ffffffff 01 00 01 78 10 0c0708 9001 00000000000000000000"
/* One function, of START and LEN, with its length and program to come. */
#define FDE "00000000 0010000000000000 0001000000000000"

static void add_hex(struct bytes *b, const char *hex)
{
	unsigned int byte;
	uint8_t one;
	int used;

	for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used) {
		one = byte;
		bytes__add(b, &one, 1);
	}
	assert_int_equal(hex[strspn(hex, " ")], '\0');
}

static struct bytes section_of(const char *program)
{
	struct bytes b = { 0 };
	uint32_t len;
	size_t at;

	add_hex(&b, CIE);
	at = b.len;
	add_hex(&b, "00000000" FDE);
	add_hex(&b, program);
	len = b.len - at - 4;
	memcpy(b.data + at, &len, sizeof(len));
	return b;
}

static const uint64_t words[WORDS] = { 0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x106, 0x107 };

static struct cfi_regs regs_at(uint64_t off)
{
	struct cfi_regs regs = { .known = (1ull << CFI_REGS) - 1 };

	for (int i = 0; i < CFI_REGS; i++)
		regs.r[i] = i;
	regs.r[SP] = STACK_AT;
	regs.r[RBP] = STACK_AT + 16;
	regs.r[RIP] = START + off;
	return regs;
}

/* One step from START + @off by the first @len bytes of @b, in memory of exactly that size. */
static int step_by(const struct bytes *b, size_t len, uint64_t off, struct cfi_regs *regs)
{
	const struct cfi_stack stack = { STACK_AT, words, sizeof(words) };
	uint8_t *exact = malloc(len ? len : 1);
	struct cfi_section s = { .bytes = exact, .size_bytes = len };
	struct cfi_row row;
	int ret;

	assert_non_null(exact);
	memcpy(exact, b->data, len);
	*regs = regs_at(off);
	assert_int_equal(cfi__index(&s), 0);
	ret = cfi__row(&s, START + off, &row) ?: cfi__step(&s, &row, &stack, regs);
	free(s.index);
	free(exact);
	return ret;
}

static const struct {
	const char *program;
	uint64_t off;
	int want; /* 0, or the error */
	uint64_t sp, pc, rbp, rbx;
} cases[] = {
	{ "", 0, 0, 0x7008, 0x100, 0x7010, 3 },
	{ "", LEN - 1, 0, 0x7008, 0x100, 0x7010, 3 },
	{ "", LEN, -ENOENT, 0, 0, 0, 0 },
	/* push %rbp */
	{ "41 0e10 8602", 0, 0, 0x7008, 0x100, 0x7010, 3 },
	{ "41 0e10 8602", 1, 0, 0x7010, 0x101, 0x100, 3 },
	/* mov %rsp,%rbp; pop %rbp */
	{ "0e10 8602 41 0d06 41 0c0708 c6", 1, 0, 0x7020, 0x103, 0x102, 3 },
	{ "0e10 8602 41 0d06 41 0c0708 c6", 2, 0, 0x7008, 0x100, 0x7010, 3 },
	/* a way out in the middle */
	{ "0a 0e20 8302 42 0b", 0, 0, 0x7020, 0x103, 0x7010, 0x102 },
	{ "0a 0e20 8302 42 0b", 2, 0, 0x7008, 0x100, 0x7010, 3 },
	{ "0b", 0, -EINVAL, 0, 0, 0, 0 },
	{ "0202 0e10 030300 0e18 0400000100 0e20", 1, 0, 0x7008, 0x100, 0x7010, 3 },
	{ "0202 0e10 030300 0e18 0400000100 0e20", 4, 0, 0x7010, 0x101, 0x7010, 3 },
	{ "0202 0e10 030300 0e18 0400000100 0e20", 5, 0, 0x7018, 0x102, 0x7010, 3 },
	{ "0110 10000000000000 0e10", 0xf, 0, 0x7008, 0x100, 0x7010, 3 },
	{ "0110 10000000000000 0e10", 0x10, 0, 0x7010, 0x101, 0x7010, 3 },
	{ "1206 7e", 0, 0, 0x7020, 0x103, 0x7010, 3 }, /* offsets in units, with a sign */
	{ "137e", 0, 0, 0x7010, 0x101, 0x7010, 3 },
	{ "1403 01", 0, 0, 0x7008, 0x100, 0x7010, 0x7000 },
	{ "1503 7f", 0, 0, 0x7008, 0x100, 0x7010, 0x7010 },
	{ "0910 03", 0, 0, 0x7008, 3, 0x7010, 3 }, /* the return address is in rbx */
	{ "0710", 0, -ENOENT, 0, 0, 0, 0 },	   /* nobody called */
	{ "0810", 0, -EINVAL, 0, 0, 0, 0 },
	{ "0560 01 0760 0840", 0, 0, 0x7008, 0x100, 0x7010, 3 }, /* of registers that are not followed */
	{ "2e8001 2d 00", 0, 0, 0x7008, 0x100, 0x7010, 3 },
	{ "3f", 0, -EINVAL, 0, 0, 0, 0 },
	{ "0c60 08", 0, -EINVAL, 0, 0, 0, 0 },
	/* beyond the copy of the stack, above and below */
	{ "0e40", 0, 0, 0x7040, 0x107, 0x7010, 3 },
	{ "0e48", 0, -ERANGE, 0, 0, 0, 0 },
	{ "0e00", 0, -EFAULT, 0, 0, 0, 0 },
	{ "8302", 0, 0, 0x7008, 0x100, 0x7010, 3 }, /* off the stack already: it is in its register */
	/* expressions: two that are usual, then a procedure linkage table's */
	{ "0f03 760806", 0, -EFAULT, 0, 0, 0, 0 },
	{ "0f03 760806 0910 03", 0, 0, 0x103, 3, 0x7010, 3 },
	{ "1003 027008", 0, 0, 0x7008, 0x100, 0x7010, 3 },
	{ "1003 027708", 0, 0, 0x7008, 0x100, 0x7010, 0x101 },
	{ "1603 027708", 0, 0, 0x7008, 0x100, 0x7010, 0x7008 },
	{ "1603 03770806", 0, 0, 0x7008, 0x100, 0x7010, 0x101 },
	{ "0f0b 7708 8000 3f 1a 3b 2a 33 24 22", 5, 0, 0x7008, 0x100, 0x7010, 3 },
	{ "0f0b 7708 8000 3f 1a 3b 2a 33 24 22", 11, 0, 0x7010, 0x101, 0x7010, 3 },
	{ "1603 02 35 22", 0, 0, 0x7008, 0x100, 0x7010, 0x700d }, /* it begins with the CFA */
	{ "1603 02 0806", 0, 0, 0x7008, 0x100, 0x7010, 6 },
	{ "1603 02 09ff", 0, 0, 0x7008, 0x100, 0x7010, -1 },
	{ "1603 06 10e807 117f 22", 0, 0, 0x7008, 0x100, 0x7010, 999 },
	{ "1603 04 36 34 14 1c", 0, 0, 0x7008, 0x100, 0x7010, -2 }, /* 6 4 becomes 6 4 6 */
	{ "1603 04 31 32 33 17", 0, 0, 0x7008, 0x100, 0x7010, 2 },  /* 1 2 3 becomes 3 1 2 */
	{ "1603 03 36 33 1b", 0, 0, 0x7008, 0x100, 0x7010, 2 },
	{ "1603 03 36 30 1b", 0, 0, 0x7008, 0x100, 0x7010, 3 },		   /* by zero: what it was is not known */
	{ "1603 07 31 2801 00 35 36 96", 0, 0, 0x7008, 0x100, 0x7010, 6 }, /* over one */
	{ "0f03 2ffdff", 0, -EINVAL, 0, 0, 0, 0 },			   /* forever */
	{ "0f03 2ffcff", 0, -EINVAL, 0, 0, 0, 0 },			   /* out of it */
	{ "0f04 31 2ffcff", 0, -EINVAL, 0, 0, 0, 0 },			   /* forever, with ever more on its stack */
	{ "0f00", 0, -EINVAL, 0, 0, 0, 0 },
	{ "0f01 22", 0, -EINVAL, 0, 0, 0, 0 },
	{ "0fff7f 31", 0, -EINVAL, 0, 0, 0, 0 },
};

static void programs(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes b = section_of(cases[i].program);
		struct cfi_regs regs;
		int ret = step_by(&b, b.len, cases[i].off, &regs);

		if (ret != cases[i].want || (!ret && (regs.r[SP] != cases[i].sp || regs.r[RIP] != cases[i].pc ||
						      regs.r[RBP] != cases[i].rbp || regs.r[RBX] != cases[i].rbx)))
			fail_msg("%s at %llu: %d, sp %llx pc %llx rbp %llx rbx %llx", cases[i].program,
				 (unsigned long long)cases[i].off, ret, (unsigned long long)regs.r[SP],
				 (unsigned long long)regs.r[RIP], (unsigned long long)regs.r[RBP],
				 (unsigned long long)regs.r[RBX]);
		free(b.data);
	}
}

/* However short it is cut, and whatever one byte becomes. */
static void damage(void **unused)
{
	struct cfi_regs regs;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bytes b = section_of(cases[i].program);

		for (size_t len = 0; len < b.len; len++)
			assert_int_equal(step_by(&b, len, cases[i].off, &regs), -ENOENT);
		for (size_t at = 0; at < b.len; at++) {
			uint8_t was = b.data[at];

			for (unsigned bit = 0; bit < 9; bit++) {
				b.data[at] = bit < 8 ? was ^ 1u << bit : 0xff;
				step_by(&b, b.len, cases[i].off, &regs);
			}
			b.data[at] = was;
		}
		free(b.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs),
		cmocka_unit_test(damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
	return 0; /* the numbers of registers are those of x86-64 */
}
#endif
