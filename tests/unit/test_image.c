// SPDX-License-Identifier: BSD-2-Clause
/* Executables: this very one against what the loader made of it, small ones made here, and what is none. */
#include <errno.h>
#include <fcntl.h>
#include <link.h>

#include "images.h"

/* What the loader relocates, and what it is relocated to. */
static int pointed_at = 7;
int *image_test_pointers[3] = { &pointed_at, NULL, &pointed_at + 1 };

__attribute__((noinline)) int image_test_function(int x);
int image_test_function(int x)
{
	return x * 3 + pointed_at;
}

static struct image *open_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct image *img;

	assert_true(fd >= 0);
	assert_int_equal(image__open(fd, &img, NULL), 0);
	close(fd); /* it has its own */
	return img;
}

static int first_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	*(uint64_t *)ctx = info->dlpi_addr;
	return 1;
}

static uint64_t loader_says(void)
{
	uint64_t bias = 0;

	dl_iterate_phdr(first_object, &bias);
	return bias;
}

/* The bias from each line of maps that is of this file is the loader's. */
static void bias_of_self(void **unused)
{
	struct image *img = open_self();
	unsigned code = 0;
	char self[512], line[1024];
	FILE *f = fopen("/proc/self/maps", "re");
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(f && len > 0);
	self[len] = '\0';
	while (fgets(line, sizeof(line), f)) {
		unsigned long start, offset;
		uint64_t bias;
		char perms[5];

		if (!strstr(line, self) || sscanf(line, "%lx-%*x %4s %lx", &start, perms, &offset) != 3)
			continue;
		/* read-only and written data may share a page of the file; code shares none */
		if (image__bias(img, start, offset, perms[2] == 'x', &bias) && perms[2] != 'x')
			continue;
		assert_true(bias == loader_says());
		code += perms[2] == 'x';
	}
	fclose(f);
	assert_int_equal(code, 1);
	image__close(img);
}

static void symbols_of_self(void **unused)
{
	struct image *img = open_self();
	uint64_t addr, size, offset, back, bias = loader_says();
	uint8_t from_file[16], by_offset[16];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_int_equal(image__symbol(img, "image_test_function", &addr, &size), 0);
	assert_true(addr + bias == (uintptr_t)image_test_function && size >= 16);
	assert_int_equal(image__read(img, addr, from_file, sizeof(from_file)), 0);
	assert_memory_equal(from_file, (void *)(uintptr_t)image_test_function, sizeof(from_file));
	assert_int_equal(image__offset(img, addr, &offset), 0);
	assert_int_equal(pread(fd, by_offset, 16, offset), 16);
	assert_memory_equal(from_file, by_offset, 16);
	assert_int_equal(image__vaddr(img, offset, &back), 0);
	assert_true(back == addr);
	assert_int_equal(image__symbol(img, "pointed_at", &addr, NULL), 0);
	assert_true(addr + bias == (uintptr_t)&pointed_at);
	assert_int_equal(image__symbol(img, "image_test_functio", &addr, NULL), -ENOENT);
	assert_int_equal(image__symbol(img, "", &addr, NULL), -ENOENT);
	assert_int_equal(image__symbol(img, "_cmocka_run_group_tests", &addr, NULL), -ENOENT); /* the library's */
	close(fd);
	image__close(img);
}

static void words_of_self(void **unused)
{
	struct image *img = open_self();
	uint64_t addr, words[3], bias = loader_says();

	assert_int_equal(image__symbol(img, "image_test_pointers", &addr, NULL), 0);
	assert_int_equal(image__words(img, addr, words, 3), 0);
	for (int i = 0; i < 3; i++)
		assert_true(words[i] == (image_test_pointers[i] ? (uintptr_t)image_test_pointers[i] - bias : 0));
	image__close(img);
}

static void sections_of_self(void **unused)
{
	struct image *img = open_self();
	struct image_section text, missing;
	uint64_t addr;
	size_t nr;

	assert_int_equal(image__symbol(img, "image_test_function", &addr, NULL), 0);
	assert_int_equal(image__section(img, ".text", &text), 0);
	assert_true(text.addr <= addr && addr < text.addr + text.size_bytes);
	assert_true(text.addr <= image__entry(img) && image__entry(img) < text.addr + text.size_bytes);
	assert_int_equal(image__section(img, ".tex", &missing), -ENOENT);
	assert_int_equal(image__section(img, ".bss", &missing), -ENOENT); /* is not in the file */
	assert_non_null(image__segments(img, &nr));
	assert_true(nr >= 2);
	image__close(img);
}

/* ---- what is refused ---- */

static void refuse(const struct small_image *head, int want, const char *word)
{
	const char *why = NULL;
	struct image *img;
	int fd = memfd_of(head, sizeof(*head));

	assert_int_equal(image__open_mem(head, sizeof(*head), &img, &why), want);
	assert_non_null(strstr(why, word));
	assert_int_equal(image__open(fd, &img, &why), want);
	assert_non_null(strstr(why, word));
	close(fd);
}

static void what_is_no_executable(void **unused)
{
	struct small_image h = small_image(0);

	h.eh.e_ident[1] = 'e';
	refuse(&h, -ENOEXEC, "not an ELF");
	h = small_image(0);
	h.eh.e_ident[EI_CLASS] = ELFCLASS32;
	refuse(&h, -ENOEXEC, "64-bit");
	h = small_image(0);
	h.eh.e_ident[EI_DATA] = ELFDATA2MSB;
	refuse(&h, -ENOEXEC, "little-endian");
	h = small_image(0);
	h.eh.e_machine = EM_RISCV;
	refuse(&h, -ENOEXEC, "x86-64");
	h = small_image(0);
	h.eh.e_type = ET_REL;
	refuse(&h, -ENOEXEC, "neither an executable");
	h = small_image(0);
	h.eh.e_phnum = 0;
	refuse(&h, -ENOEXEC, "program headers");
	h = small_image(0);
	h.eh.e_phoff = -8;
	refuse(&h, -ENOEXEC, "loaded");
	h = small_image(0);
	for (int i = 0; i < 2; i++)
		h.ph[i].p_offset = 1 << 20;
	refuse(&h, -ENOEXEC, "loaded");
}

static void what_is_no_file(void **unused)
{
	const char *why = NULL;
	struct image *img;
	int fd, p[2];

	assert_true(image__open(-1, &img, &why) < 0);
	assert_int_equal(image__open_mem(NULL, 0, &img, &why), -ENOEXEC);
	assert_non_null(strstr(why, "short"));
	fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(image__open(fd, &img, &why), -ENOEXEC);
	assert_non_null(strstr(why, "regular"));
	close(fd);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(image__open(p[0], &img, NULL), -ENOEXEC);
	close(p[0]);
	close(p[1]);
}

/* ---- what is read ---- */

/* A file of many chunks, most of it holes: in it, strings that lie across their borders. */
static void strings_and_views(void **unused)
{
	const uint64_t mb = 1 << 20, border = 64 << 10;
	struct small_image h = small_image(8 * mb);
	int fd = memfd_of(&h, sizeof(h));
	struct image *img;
	const char *p;

	assert_int_equal(ftruncate(fd, DATA_AT + 8 * mb), 0);
	assert_int_equal(pwrite(fd, "across", 6, border - 3), 6);
	assert_int_equal(pwrite(fd, "end", 3, DATA_AT + 8 * mb - 3), 3);
	assert_int_equal(image__open(fd, &img, NULL), 0);
	assert_string_equal(image__string(img, border - 3, 4096), "across");
	assert_string_equal(image__string(img, border - 3, 7), "across");
	assert_null(image__string(img, border - 3, 6));
	assert_null(image__string(img, DATA_AT + 8 * mb - 3, 4096)); /* the file ends before it does */
	assert_null(image__string(img, UINT64_MAX - 3, 4096));
	p = image__view(img, 5 * mb, 3 * mb);
	assert_non_null(p);
	assert_true(p == (char *)image__view(img, 5 * mb, 1)); /* stays where it is */
	assert_memory_equal(image__at(img, DATA_ADDR + 8 * mb - 3, 3), "end", 3);
	assert_null(image__at(img, DATA_ADDR + 8 * mb - 3, 4)); /* .bss */
	assert_null(image__at(img, DATA_ADDR - 1, 1));
	assert_null(image__at(img, DATA_ADDR, UINT64_MAX));
	assert_null(image__view(img, 4, UINT64_MAX));
	image__close(img);
	close(fd);
}

static void file_cut_while_open(void **unused)
{
	struct small_image h = small_image(1 << 20);
	int fd = memfd_of(&h, sizeof(h));
	uint8_t byte;
	struct image *img;

	assert_int_equal(ftruncate(fd, DATA_AT + (1 << 20)), 0);
	assert_int_equal(image__open(fd, &img, NULL), 0);
	assert_int_equal(image__read(img, DATA_ADDR + (1 << 19), &byte, 1), 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(image__read(img, DATA_ADDR + (1 << 19), &byte, 1), 0); /* read before */
	assert_int_equal(image__read(img, DATA_ADDR + (1 << 20) - 1, &byte, 1), -EFAULT);
	assert_int_equal(image__read(img, DATA_ADDR + (1 << 18), &byte, 1), -EFAULT);
	image__close(img);
	close(fd);
}

static void huge_files(void **unused)
{
	struct small_image h = small_image(3ull << 30);
	int fd = memfd_of(&h, sizeof(h));
	struct image *img;
	const char *why;

	assert_int_equal(ftruncate(fd, 4ull << 30), 0);
	assert_int_equal(image__open(fd, &img, NULL), 0);
	assert_non_null(image__at(img, DATA_ADDR + (3ull << 30) - 8, 8));
	image__close(img);
	assert_int_equal(ftruncate(fd, (4ull << 30) + 1), 0);
	assert_int_equal(image__open(fd, &img, &why), -EFBIG);
	assert_non_null(strstr(why, "4 GiB"));
	close(fd);
}

/* Code and data share a page of the file, which is mapped twice. */
static void bias_of_a_shared_page(void **unused)
{
	struct small_image h = small_image(0);
	struct image *img;
	uint64_t bias;

	h.eh.e_type = ET_DYN;
	h.ph[0].p_vaddr = 0x1000;
	h.ph[0].p_filesz = 0xa0;
	h.ph[1].p_vaddr = 0x20a0;
	h.ph[1].p_offset = 0xa0;
	h.ph[1].p_filesz = 0x10;
	assert_int_equal(image__open_mem(&h, sizeof(h), &img, NULL), 0);
	assert_int_equal(image__bias(img, 0x555555555000, 0, true, &bias), 0);
	assert_true(bias == 0x555555554000);
	assert_int_equal(image__bias(img, 0x555555556000, 0, false, &bias), 0);
	assert_true(bias == 0x555555554000);
	assert_int_equal(image__bias(img, 0x555555556000, 0x1000, false, &bias), -ENOENT);
	image__close(img);
	h.ph[0].p_flags = PF_R; /* now it may be either */
	assert_int_equal(image__open_mem(&h, sizeof(h), &img, NULL), 0);
	assert_int_equal(image__bias(img, 0x555555556000, 0, false, &bias), -ENOENT);
	image__close(img);
}

/* ---- symbols made here ---- */

#define NR_SYMBOLS 6

struct with_symbols {
	struct small_image head;
	Elf64_Shdr sh[4];
	Elf64_Sym symbols[NR_SYMBOLS];
	char strings[64];
};

static const char section_names[] = "\0.symtab\0.names\0twice\0gone\0file";

static struct with_symbols with_symbols(void)
{
	struct with_symbols w = {
		.head = small_image(0),
		.sh = { { 0 },
			{ .sh_name = 1,
			  .sh_type = SHT_SYMTAB,
			  .sh_offset = offsetof(struct with_symbols, symbols),
			  .sh_size = sizeof(w.symbols),
			  .sh_link = 2 },
			{ .sh_name = 9,
			  .sh_type = SHT_STRTAB,
			  .sh_offset = offsetof(struct with_symbols, strings),
			  .sh_size = sizeof(w.strings) },
			{ .sh_name = 1, .sh_type = SHT_NOBITS } },
		.symbols = { { 0 },
			     { .st_name = 16, .st_shndx = 1, .st_value = 100, .st_size = 5 },
			     { .st_name = 16, .st_shndx = 1, .st_value = 200 },
			     { .st_name = 22, .st_shndx = SHN_UNDEF, .st_value = 300 },
			     { .st_name = 27, .st_shndx = SHN_ABS, .st_value = 400, .st_info = STT_FILE },
			     { .st_name = 18, .st_shndx = 1, .st_value = 500 } },
	};

	w.head.eh.e_shoff = offsetof(struct with_symbols, sh);
	w.head.eh.e_shnum = 4;
	w.head.eh.e_shstrndx = 2;
	memcpy(w.strings, section_names, sizeof(section_names));
	return w;
}

static void symbols_of_a_small_file(void **unused)
{
	struct with_symbols w = with_symbols();
	uint64_t addr, size = 0;
	struct image *img;

	assert_int_equal(image__open_mem(&w, sizeof(w), &img, NULL), 0);
	assert_int_equal(image__symbol(img, "twice", &addr, &size), 0);
	assert_true(addr == 100 && size == 5);			      /* the first one */
	assert_int_equal(image__symbol(img, "ice", &addr, &size), 0); /* in another's tail */
	assert_true(addr == 500);
	assert_int_equal(image__symbol(img, "gone", &addr, &size), -ENOENT);
	assert_int_equal(image__symbol(img, "file", &addr, &size), -ENOENT);
	image__close(img);
	w.head.eh.e_shoff = 0;
	assert_int_equal(image__open_mem(&w, sizeof(w), &img, NULL), 0);
	assert_int_equal(image__symbol(img, "twice", &addr, &size), -ENOENT);
	image__close(img);
}

static void every_byte_damaged(void **unused)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct with_symbols good = with_symbols();
	unsigned opened = 0;

	for (size_t at = 0; at < sizeof(good); at++) {
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			struct with_symbols *bad = malloc(sizeof(good)); /* where every byte beyond is watched */
			struct image_section sec;
			struct image *img;
			uint64_t addr;

			assert_non_null(bad);
			*bad = good;
			((uint8_t *)bad)[at] = values[v];
			if (!image__open_mem(bad, sizeof(*bad), &img, NULL)) {
				opened++;
				image__symbol(img, "twice", &addr, NULL);
				if (!image__section(img, ".names", &sec))
					assert_true(sec.offset + sec.size_bytes <= sizeof(*bad));
				image__words(img, DATA_ADDR, &addr, 1);
				image__close(img);
			}
			free(bad);
		}
	}
	assert_true(opened > sizeof(good));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bias_of_self),
		cmocka_unit_test(symbols_of_self),
		cmocka_unit_test(words_of_self),
		cmocka_unit_test(sections_of_self),
		cmocka_unit_test(what_is_no_executable),
		cmocka_unit_test(what_is_no_file),
		cmocka_unit_test(strings_and_views),
		cmocka_unit_test(file_cut_while_open),
		cmocka_unit_test(huge_files),
		cmocka_unit_test(bias_of_a_shared_page),
		cmocka_unit_test(symbols_of_a_small_file),
		cmocka_unit_test(every_byte_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
