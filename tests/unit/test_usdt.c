// SPDX-License-Identifier: BSD-2-Clause
/* USDT notes as compilers write them for both architectures, damaged ones, and those of a real program. */
#include <errno.h>

#include "images.h"
#include "usdt.h"

/* ---- an executable that is one section of notes, put together here ---- */

struct notes {
	unsigned char bytes[8192];
	size_t len;
};

static void add_note(struct notes *n, const char *owner, uint32_t type, const void *desc, size_t len)
{
	Elf64_Nhdr head = { strlen(owner) + 1, len, type };

	memcpy(n->bytes + n->len, &head, sizeof(head));
	n->len += sizeof(head);
	memcpy(n->bytes + n->len, owner, head.n_namesz);
	n->len += (head.n_namesz + 3) & ~3;
	memcpy(n->bytes + n->len, desc, len);
	n->len += (len + 3) & ~3;
	assert_true(n->len < sizeof(n->bytes));
}

static size_t description(unsigned char *to, const uint64_t words[3], const char *provider, const char *name,
			  const char *args)
{
	const char *const strings[] = { provider, name, args };
	size_t len = 24;

	memcpy(to, words, 24);
	for (int i = 0; i < 3; i++) {
		memcpy(to + len, strings[i], strlen(strings[i]) + 1);
		len += strlen(strings[i]) + 1;
	}
	return len;
}

static void add_probe(struct notes *n, const char *provider, const char *name, const char *args)
{
	const uint64_t words[3] = { 0x1000, 0x2000, 0x3000 };
	unsigned char desc[1024];

	add_note(n, "stapsdt", 3, desc, description(desc, words, provider, name, args));
}

#define BASE_ADDR 0x2000

static struct image *image_of(const struct notes *n, unsigned machine, uint64_t base, void **memory)
{
	static const char names[] = "\0.note.stapsdt\0.stapsdt.base";
	struct small_image head = small_image(0);
	size_t at = DATA_AT, size = at + n->len + sizeof(names) + 4 * sizeof(Elf64_Shdr);
	Elf64_Shdr sections[4] = {
		[1] = { .sh_name = 1, .sh_type = SHT_NOTE, .sh_offset = at, .sh_size = n->len },
		[2] = { .sh_type = SHT_STRTAB, .sh_offset = at + n->len, .sh_size = sizeof(names) },
		[3] = { .sh_name = 15, .sh_type = SHT_PROGBITS, .sh_offset = at, .sh_addr = base },
	};
	struct image *img;
	char *p = calloc(1, size);

	assert_non_null(p);
	head.eh.e_machine = machine;
	head.eh.e_shoff = size - sizeof(sections);
	head.eh.e_shnum = base ? 4 : 3;
	head.eh.e_shstrndx = 2;
	memcpy(p, &head, sizeof(head));
	memcpy(p + at, n->bytes, n->len);
	memcpy(p + at + n->len, names, sizeof(names));
	memcpy(p + head.eh.e_shoff, sections, sizeof(sections));
	assert_int_equal(image__open_mem(p, size, &img, NULL), 0);
	*memory = p;
	return img;
}

struct seen {
	unsigned nr;
	struct usdt last;
	char name[64];
	int ret;
};

static int on_probe(const struct usdt *u, void *ctx)
{
	struct seen *s = ctx;

	s->nr++;
	s->last = *u;
	snprintf(s->name, sizeof(s->name), "%s", u->name);
	return s->ret;
}

static int visit(const struct notes *n, unsigned machine, uint64_t base, struct seen *s)
{
	void *memory;
	struct image *img = image_of(n, machine, base, &memory);
	int ret = usdt__for_each(img, "weft", on_probe, s);

	image__close(img);
	free(memory);
	return ret;
}

static struct usdt probe_with(unsigned machine, const char *args)
{
	struct notes n = { 0 };
	struct seen s = { 0 };

	add_probe(&n, "weft", "it", args);
	assert_int_equal(visit(&n, machine, BASE_ADDR, &s), 0);
	assert_int_equal(s.nr, 1);
	return s.last;
}

/* ---- arguments ---- */

struct arg_case {
	unsigned machine;
	const char *arg;
	struct fetch want;
};

static const struct fetch nowhere = { .kind = FETCH_NONE };

#define X86 EM_X86_64
#define ARM EM_AARCH64
#define IN(reg_, bytes_)                                        \
	{                                                       \
		.kind = FETCH_REG, .reg = reg_, .bytes = bytes_ \
	}
#define AT(reg_, bytes_, at_)                                                              \
	{                                                                                  \
		.kind = FETCH_REG, .reg = reg_, .bytes = bytes_, .depth = 1, .at = { at_ } \
	}
#define NUMBER(n, bytes_)                                        \
	{                                                        \
		.kind = FETCH_CONST, .value = n, .bytes = bytes_ \
	}

static void arguments(void **unused)
{
	static const struct arg_case cases[] = {
		{ X86, "8@%rax", IN(80, 8) },
		{ X86, "-4@%edi", IN(112, 4) },
		{ X86, "2@%r8w", IN(72, 2) },
		{ X86, "1@%sil", IN(104, 1) },
		{ X86, "8@%r15", IN(0, 8) },
		{ X86, "4@%r10d", IN(56, 4) },
		{ X86, "8@(%rsp)", AT(152, 8, 0) },
		{ X86, "-4@-16(%rbp)", AT(32, 4, -16) },
		{ X86, "1@2147483647(%rcx)", AT(88, 1, INT32_MAX) },
		{ X86, "8@$42", NUMBER(42, 8) },
		{ X86, "-4@$-1", NUMBER(-1, 4) },
		{ X86, "8@$-9223372036854775808", NUMBER(INT64_MIN, 8) },
		{ X86, "8@$18446744073709551615", NUMBER(-1, 8) },
		{ ARM, "8@x0", IN(0, 8) },
		{ ARM, "4@w29", IN(232, 4) },
		{ ARM, "-8@x30", IN(240, 8) },
		{ ARM, "8@sp", IN(248, 8) },
		{ ARM, "8@[sp]", AT(248, 8, 0) },
		{ ARM, "4@[sp, 16]", AT(248, 4, 16) },
		{ ARM, "4@[x19,-8]", AT(152, 4, -8) },
		{ ARM, "8@[x1, #24]", AT(8, 8, 24) },
		{ ARM, "8@42", NUMBER(42, 8) },
		{ ARM, "-4@-7", NUMBER(-7, 4) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct usdt u = probe_with(cases[i].machine, cases[i].arg);

		if (u.nr_args != 1 || memcmp(&u.args[0], &cases[i].want, sizeof(u.args[0])))
			fail_msg("\"%s\": kind %d reg %u bytes %d depth %d at %d value %lld", cases[i].arg,
				 u.args[0].kind, u.args[0].reg, u.args[0].bytes, u.args[0].depth, u.args[0].at[0],
				 (long long)u.args[0].value);
	}
}

/* What a probe cannot read must not be read wrongly; and later arguments keep their numbers. */
static void arguments_out_of_reach(void **unused)
{
	static const struct {
		unsigned machine;
		const char *arg;
	} cases[] = {
		{ X86, "8@(%rax,%rbx,8)" },
		{ X86, "8@8(%rax,%rbx)" },
		{ X86, "8@%xmm0" },
		{ X86, "8@%fs:8(%rax)" },
		{ X86, "8@name(%rip)" },
		{ X86, "8@name+4(%rip)" },
		{ X86, "8@$name" },
		{ X86, "8@%rax+1" },
		{ X86, "8@%ah" },
		{ X86, "8@2147483648(%rax)" },
		{ X86, "8@-2147483649(%rax)" },
		{ X86, "8@99999999999999999999(%rax)" },
		{ X86, "8@$99999999999999999999" },
		{ X86, "8@$-9223372036854775809" },
		{ X86, "8@8(%rax)x" },
		{ X86, "8@8(%rax" },
		{ X86, "8@(%)" },
		{ X86, "8@%" },
		{ X86, "8@$" },
		{ X86, "8@" },
		{ X86, "8@%eax ax" },
		{ X86, "8@name@GOTPCREL(%rip)" },
		{ X86, "3@%rax" },
		{ X86, "16@%rax" },
		{ X86, "0@%rax" },
		{ X86, "4f@%xmm0" },
		{ X86, "8f@8(%rsp)" },
		{ X86, "-9223372036854775808@%rax" },
		{ X86, "99999999999999999999@%rax" },
		{ X86, "8@%averyveryveryveryveryveryveryveryveryveryveryveryveryveryveryverylongname" },
		{ ARM, "8@x31" },
		{ ARM, "8@xzr" },
		{ ARM, "8@x" },
		{ ARM, "8@x-1" },
		{ ARM, "8@rax" },
		{ ARM, "8@d0" },
		{ ARM, "8@[x0, x1]" },
		{ ARM, "8@[x0, x1, lsl 3]" },
		{ ARM, "8@[x0, 16]!" },
		{ ARM, "8@[x0], 16" },
		{ ARM, "8@[x0, ]" },
		{ ARM, "8@[x0, 16" },
		{ ARM, "8@[x0" },
		{ ARM, "8@[" },
		{ ARM, "8@[]" },
		{ ARM, "8@[x0, 2147483648]" },
		{ ARM, "8@x0x" },
		{ X86, "8@x0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fetch want = { .kind = FETCH_CONST, .value = 77, .bytes = 8 };
		char args[256];
		struct usdt u;

		snprintf(args, sizeof(args), "%s 8@%s77", cases[i].arg, cases[i].machine == X86 ? "$" : "");
		u = probe_with(cases[i].machine, args);
		if (u.nr_args != 2 || memcmp(&u.args[0], &nowhere, sizeof(nowhere)) ||
		    memcmp(&u.args[1], &want, sizeof(want)))
			fail_msg("\"%s\": %u arguments, kinds %d, %d", args, u.nr_args, u.args[0].kind, u.args[1].kind);
	}
}

static void lists_of_arguments(void **unused)
{
	static const struct {
		const char *args;
		unsigned nr;
	} cases[] = {
		{ "", 0 },
		{ " ", 0 },
		{ "8", 0 },
		{ "@", 0 },
		{ "-@%rax", 0 },
		{ "@%rax 8@%rax", 0 },
		{ "8@%rax", 1 },
		{ "  8@%rax  ", 1 },
		{ "8@%rax   8@%rax", 2 },
		{ "8@%rax 8@%rax 8", 2 },
		{ "1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1", 12 },
		{ "1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1 1@$1", 12 },
		{ "8@8@8@8@", 1 },
	};
	struct usdt u;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (probe_with(X86, cases[i].args).nr_args != cases[i].nr)
			fail_msg("\"%s\": not %u arguments", cases[i].args, cases[i].nr);
	u = probe_with(X86, "  8@%rax   -4@-8(%rbp)  ");
	assert_true(u.nr_args == 2 && u.args[0].reg == 80 && u.args[1].at[0] == -8);
	u = probe_with(ARM, "4@[sp, 16] 8@[x1, 8] 8@x2");
	assert_true(u.nr_args == 3 && u.args[0].at[0] == 16 && u.args[1].at[0] == 8 && u.args[2].reg == 16);
}

static void names_of_registers(void **unused)
{
	assert_int_equal(pt_regs__offset(X86, "rdi", 3), 112);
	assert_int_equal(pt_regs__offset(X86, "rdix", 3), 112);
	assert_int_equal(pt_regs__offset(X86, "rd", 2), -ENOENT);
	assert_int_equal(pt_regs__offset(X86, "ax al", 5), -ENOENT);
	assert_int_equal(pt_regs__offset(X86, "", 0), -ENOENT);
	assert_int_equal(pt_regs__offset(X86, " ", 1), -ENOENT);
	assert_int_equal(pt_regs__offset(X86, "a name that is long", 19), -ENOENT);
	for (int i = 0; i < 31; i++) {
		char name[8];
		int len = snprintf(name, sizeof(name), "x%d", i);

		assert_int_equal(pt_regs__offset(ARM, name, len), i * 8);
		name[0] = 'w';
		assert_int_equal(pt_regs__offset(ARM, name, len), i * 8);
	}
	assert_int_equal(pt_regs__offset(ARM, "x99999", 6), -ENOENT);
}

/* ---- notes ---- */

static void addresses(void **unused)
{
	struct {
		uint64_t words[3], base, address, semaphore;
	} cases[] = {
		{ { 0x1000, 0x2000, 0x3000 }, 0x2000, 0x1000, 0x3000 },
		{ { 0x1000, 0x2000, 0 }, 0x2000, 0x1000, 0 },
		{ { 0x1000, 0x2000, 0x3000 }, 0x12000, 0x11000, 0x13000 }, /* moved since */
		{ { 0x1000, 0x2000, 0x3000 }, 0x1f00, 0xf00, 0x2f00 },
		{ { 0x1000, 0x2000, 0x3000 }, 0, 0x1000, 0x3000 }, /* there is nothing to compare with */
		{ { 0x1000, 0, 0x3000 }, 0x2000, 0x1000, 0x3000 },
	};
	unsigned char desc[128];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct notes n = { 0 };
		struct seen s = { 0 };

		add_note(&n, "stapsdt", 3, desc, description(desc, cases[i].words, "weft", "it", "8@%rax"));
		assert_int_equal(visit(&n, X86, cases[i].base, &s), 0);
		assert_int_equal(s.last.address, cases[i].address);
		assert_int_equal(s.last.semaphore, cases[i].semaphore);
	}
}

static void only_what_was_asked_for(void **unused)
{
	const uint64_t words[3] = { 1, 2, 3 };
	struct notes n = { 0 };
	struct seen s = { 0 };
	unsigned char desc[128];
	size_t len = description(desc, words, "weft", "it", "");

	assert_int_equal(visit(&n, X86, 0, &s), -ENOENT);
	add_probe(&n, "other", "it", "");
	add_probe(&n, "weftx", "it", "");
	add_probe(&n, "wef", "it", "");
	add_note(&n, "stapsdt", 4, desc, len);
	add_note(&n, "stapsdx", 3, desc, len);
	add_note(&n, "sta", 3, desc, len);
	assert_int_equal(visit(&n, X86, 0, &s), -ENOENT);
	assert_int_equal(s.nr, 0);
	add_probe(&n, "weft", "first", "");
	add_probe(&n, "other", "it", "");
	add_probe(&n, "weft", "same", "");
	add_probe(&n, "weft", "same", "");
	assert_int_equal(visit(&n, X86, 0, &s), 0);
	assert_int_equal(s.nr, 3);
	assert_string_equal(s.name, "same");
	/* the first that is enough */
	s = (struct seen){ .ret = -EEXIST };
	assert_int_equal(visit(&n, X86, 0, &s), -EEXIST);
	assert_int_equal(s.nr, 1);
	assert_string_equal(s.name, "first");
}

/* Cut at each byte, and with strings that do not end: never a byte too far, and whole ones before are found. */
static void damaged_notes(void **unused)
{
	const uint64_t words[3] = { 1, 2, 3 };
	unsigned char desc[128];
	size_t len = description(desc, words, "weft", "it", "8@%rax"), first;
	struct notes n = { 0 };
	struct seen s;

	for (size_t i = 0; i < len; i++) {
		n.len = 0;
		s = (struct seen){ 0 };
		add_note(&n, "stapsdt", 3, desc, i);
		add_probe(&n, "weft", "next", "");
		assert_int_equal(visit(&n, X86, 0, &s), 0);
		assert_int_equal(s.nr, 1);
	}
	n.len = 0;
	add_probe(&n, "weft", "whole", "");
	first = n.len;
	add_note(&n, "stapsdt", 3, desc, len);
	while (n.len > first + 1) {
		n.len--;
		s = (struct seen){ 0 };
		assert_int_equal(visit(&n, X86, 0, &s), 0);
		assert_int_equal(s.nr, 1);
	}
	/* sizes that reach beyond */
	for (int field = 0; field < 2; field++) {
		for (int i = 0; i < 3; i++) {
			static const uint32_t sizes[] = { UINT32_MAX, UINT32_MAX - 3, 8192 };

			n.len = 0;
			s = (struct seen){ 0 };
			add_note(&n, "stapsdt", 3, desc, len);
			memcpy(n.bytes + field * 4, &sizes[i], 4);
			assert_int_equal(visit(&n, X86, 0, &s), -ENOENT);
		}
	}
}

/* As this machine's compiler writes them. */
static void a_real_program(void **unused)
{
	struct seen s = { 0 };
	struct image *img;
	size_t size;
	void *whole = read_whole("build/workloads/weft-bench", &size);
	uint64_t offset;

	assert_int_equal(image__open_mem(whole, size, &img, NULL), 0);
	assert_int_equal(usdt__for_each(img, "weft", on_probe, &s), 0);
	assert_true(s.nr > 10);
	assert_true(s.last.nr_args >= 1 && s.last.args[0].kind != FETCH_NONE);
	assert_int_equal(image__offset(img, s.last.address, &offset), 0);
	assert_int_equal(usdt__for_each(img, "no such", on_probe, &s), -ENOENT);
	image__close(img);
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),	      cmocka_unit_test(arguments_out_of_reach),
		cmocka_unit_test(lists_of_arguments), cmocka_unit_test(names_of_registers),
		cmocka_unit_test(addresses),	      cmocka_unit_test(only_what_was_asked_for),
		cmocka_unit_test(damaged_notes),      cmocka_unit_test(a_real_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
