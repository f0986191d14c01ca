// SPDX-License-Identifier: BSD-2-Clause
/* Which function an address is in: by tables with sizes and without, of files that lie, and of a real program. */
#include <errno.h>

#include "images.h"
#include "symtab.h"

struct symbol {
	const char *name;
	uint64_t value, size;
	int type; /* 0: a function */
	bool undefined;
	int binding; /* 0: global */
};

#define LOCAL 99
#define FUNCTION(name_, at, size_)                                      \
	{                                                               \
		.name = name_, .value = CODE_ADDR + (at), .size = size_ \
	}

/* .text is from CODE_ADDR on for 0x100 bytes, .fini for 0x40 from CODE_ADDR + 0x200 on. */
struct file {
	char *bytes;
	struct image *img;
};

static struct file file_of(const struct symbol *symbols, size_t nr, const char *table, const char *strings,
			   uint64_t strings_bytes)
{
	static const char names[] = "\0.symtab\0.strtab\0.dynsym\0.dynstr\0.text\0.fini";
	enum { STRINGS_AT = 0x3000, SYMBOLS_AT = 0x4000, NAMES_AT = 0x6000, HEADERS_AT = 0x6100, SIZE = 0x7000 };
	struct small_image head = small_image(0);
	struct file f = { .bytes = calloc(1, SIZE) };
	size_t at = 1;

	assert_non_null(f.bytes);
	head.ph[0].p_filesz = 0x2000;
	head.eh.e_shoff = HEADERS_AT;
	head.eh.e_shnum = 6;
	head.eh.e_shstrndx = 3;
	memcpy(f.bytes, &head, sizeof(head));
	memcpy(f.bytes + NAMES_AT, names, sizeof(names));
	for (size_t i = 0; i < nr; i++) {
		Elf64_Sym sym = { .st_name = at,
				  .st_value = symbols[i].value,
				  .st_size = symbols[i].size,
				  .st_info = ELF64_ST_INFO(symbols[i].binding == LOCAL ? STB_LOCAL :
							   symbols[i].binding	       ?:
											 STB_GLOBAL,
							   symbols[i].type ?: STT_FUNC),
				  .st_shndx = symbols[i].undefined ? SHN_UNDEF : 4 };

		memcpy(f.bytes + SYMBOLS_AT + (i + 1) * sizeof(sym), &sym, sizeof(sym));
		at += sprintf(f.bytes + STRINGS_AT + at, "%s", symbols[i].name) + 1;
	}
	Elf64_Shdr sections[6] = {
		[1] = { .sh_name = (char *)memmem(names, sizeof(names), table, strlen(table)) - names,
			.sh_type = SHT_SYMTAB,
			.sh_offset = SYMBOLS_AT,
			.sh_size = (nr + 1) * sizeof(Elf64_Sym) },
		[2] = { .sh_name = (char *)memmem(names, sizeof(names), strings, strlen(strings)) - names,
			.sh_type = SHT_STRTAB,
			.sh_offset = STRINGS_AT,
			.sh_size = strings_bytes ?: at },
		[3] = { .sh_type = SHT_STRTAB, .sh_offset = NAMES_AT, .sh_size = sizeof(names) },
		[4] = { .sh_name = 33,
			.sh_type = SHT_PROGBITS,
			.sh_flags = SHF_ALLOC | SHF_EXECINSTR,
			.sh_addr = CODE_ADDR,
			.sh_size = 0x100 },
		[5] = { .sh_name = 39,
			.sh_type = SHT_PROGBITS,
			.sh_flags = SHF_ALLOC | SHF_EXECINSTR,
			.sh_addr = CODE_ADDR + 0x200,
			.sh_offset = 0x200,
			.sh_size = 0x40 },
	};
	memcpy(f.bytes + HEADERS_AT, sections, sizeof(sections));
	assert_int_equal(image__open_mem(f.bytes, SIZE, &f.img, NULL), 0);
	return f;
}

static void drop(struct file *f)
{
	image__close(f->img);
	free(f->bytes);
}

static void is(struct file *f, uint64_t at, const char *want)
{
	const char *name = "(none)";
	int ret = symtab__function_at(f->img, CODE_ADDR + at, &name, NULL);

	if (ret != (want ? 0 : -ENOENT) || (want && strcmp(name, want)))
		fail_msg("at 0x%llx: %d, \"%s\"", (unsigned long long)at, ret, name);
}

static const struct symbol program[] = {
	{ "no_code", CODE_ADDR + 0x10, 0x100, STT_OBJECT, false, 0 },
	{ "elsewhere", CODE_ADDR + 0x12, 0x100, 0, true, 0 },
	FUNCTION("second", 0x40, 0x20),
	FUNCTION("assembly", 0x80, 0),
	FUNCTION("first", 0x10, 0x20),
	FUNCTION("inner", 0x48, 8),
	FUNCTION("other_name", 0x10, 0x20),
	FUNCTION("third", 0xa0, 0x10),
	FUNCTION("in_fini", 0x210, 0),
};

static void by_sizes(void **unused)
{
	struct file f = file_of(program, ARRAY_SIZE(program), ".symtab", ".strtab", 0);

	is(&f, 0, NULL);
	is(&f, 0xf, NULL);
	is(&f, 0x10, "first");
	is(&f, 0x2f, "first");
	is(&f, 0x30, NULL); /* its function's symbol was taken away: the one before does not reach so far */
	is(&f, 0x40, "second");
	is(&f, 0x47, "second");
	is(&f, 0x48, "inner");
	is(&f, 0x4f, "inner");
	is(&f, 0x50, "second");
	is(&f, 0x60, NULL);
	drop(&f);
}

/* Without a size a function goes on to the next one, or to its section's end. */
static void without_sizes(void **unused)
{
	struct file f = file_of(program, ARRAY_SIZE(program), ".symtab", ".strtab", 0);

	is(&f, 0x80, "assembly");
	is(&f, 0x9f, "assembly");
	is(&f, 0xa0, "third");
	is(&f, 0xb0, NULL);  /* after one with a size: not the assembly before */
	is(&f, 0x200, NULL); /* in .fini before the first symbol: nothing of .text */
	is(&f, 0x20f, NULL);
	is(&f, 0x210, "in_fini");
	is(&f, 0x23f, "in_fini");
	is(&f, 0x240, NULL); /* in no section */
	drop(&f);
}

/* An alias with a size says where one without it ends, in either order. */
static void aliases(void **unused)
{
	static const struct symbol both[][2] = {
		{ FUNCTION("sized", 0x10, 0x10), FUNCTION("bare", 0x10, 0) },
		{ FUNCTION("bare", 0x10, 0), FUNCTION("sized", 0x10, 0x10) },
	};

	for (int i = 0; i < 2; i++) {
		struct file f = file_of(both[i], 2, ".symtab", ".strtab", 0);

		is(&f, 0x1f, "sized");
		is(&f, 0x20, NULL);
		drop(&f);
	}
}

/* Of several names for the same code always the same one, whatever their order. */
static void the_best_name(void **unused)
{
#define AT_10(name, binding)                                    \
	{                                                       \
		name, CODE_ADDR + 0x10, 0x10, 0, false, binding \
	}
	static const struct {
		struct symbol symbols[2];
		const char *name;
	} cases[] = {
		{ { AT_10("aa", LOCAL), AT_10("zz", STB_GLOBAL) }, "zz" },
		{ { AT_10("aa", LOCAL), AT_10("__zz", STB_WEAK) }, "__zz" },
		{ { AT_10("__write", STB_GLOBAL), AT_10("write", STB_WEAK) }, "write" },
		{ { AT_10("aa", STB_WEAK), AT_10("zz", STB_GLOBAL) }, "zz" },
		{ { AT_10("zz", STB_GLOBAL), AT_10("aa", STB_GLOBAL) }, "aa" },
		{ { AT_10("", STB_GLOBAL), AT_10("zz", STB_GLOBAL) }, "zz" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases) * 2; i++) {
		struct symbol both[2] = { cases[i / 2].symbols[i % 2], cases[i / 2].symbols[!(i % 2)] };
		struct file f = file_of(both, 2, ".symtab", ".strtab", 0);

		is(&f, 0x18, cases[i / 2].name);
		drop(&f);
	}
}

static void the_other_table(void **unused)
{
	struct file f = file_of(program, ARRAY_SIZE(program), ".dynsym", ".dynstr", 0);

	is(&f, 0x10, "first");
	is(&f, 0x30, NULL);
	/* what has no name there may follow at once: without a size nothing is known */
	is(&f, 0x80, NULL);
	is(&f, 0x210, NULL);
	drop(&f);
	f = file_of(program, ARRAY_SIZE(program), ".symtab", ".dynstr", 0); /* no names */
	is(&f, 0x10, NULL);
	drop(&f);
	f = file_of(program, 0, ".symtab", ".strtab", 0);
	is(&f, 0x10, NULL);
	drop(&f);
}

static void damaged_tables(void **unused)
{
	static const struct symbol bad[] = {
		FUNCTION("", 0x10, 0x10),
		FUNCTION("wraps", 0x40, UINT64_MAX),
		FUNCTION("zero", -CODE_ADDR, CODE_ADDR + 0x8),
	};
	struct file f = file_of(bad, ARRAY_SIZE(bad), ".symtab", ".strtab", 0);

	is(&f, 0x10, NULL); /* without a name */
	is(&f, 0x50, "wraps");
	is(&f, 7, "zero"); /* one that begins at 0 is as good as any */
	is(&f, 8, NULL);
	drop(&f);
	f = file_of(program, ARRAY_SIZE(program), ".symtab", ".strtab", 3); /* names beyond their section */
	is(&f, 0x10, NULL);
	drop(&f);
	f = file_of(program, ARRAY_SIZE(program), ".symtab", ".strtab", UINT64_MAX);
	is(&f, 0x10, NULL);
	drop(&f);
}

/* This very program, and its PLT, which no symbol is for. */
static void a_real_program(void **unused)
{
	struct image_section plt, at;
	const char *name = NULL;
	struct image *img;
	size_t size;
	void *whole = read_whole("/proc/self/exe", &size);
	uint64_t addr;

	assert_int_equal(image__open_mem(whole, size, &img, NULL), 0);
	assert_int_equal(image__symbol(img, "symtab__function_at", &addr, NULL), 0);
	assert_int_equal(symtab__function_at(img, addr + 3, &name, NULL), 0);
	assert_string_equal(name, "symtab__function_at");
	assert_int_equal(symtab__function_at(img, image__entry(img), &name, NULL), 0);
	assert_string_equal(name, "_start");
	if (!image__section(img, ".plt", &plt)) {
		assert_int_equal(symtab__function_at(img, plt.addr, &name, NULL), -ENOENT);
		assert_int_equal(image__section_at(img, plt.addr + plt.size_bytes - 1, &at), 0);
		assert_int_equal(at.addr, plt.addr);
	}
	assert_int_equal(image__section_at(img, UINT64_MAX, &at), -ENOENT);
	image__close(img);
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_sizes),	  cmocka_unit_test(without_sizes),   cmocka_unit_test(aliases),
		cmocka_unit_test(the_best_name),  cmocka_unit_test(the_other_table), cmocka_unit_test(damaged_tables),
		cmocka_unit_test(a_real_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
