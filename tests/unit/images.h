/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of code that reads executables: small ones made here, and real Go programs. */
#ifndef TARE_TEST_IMAGES_H
#define TARE_TEST_IMAGES_H

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "image.h"
#include "util.h"

static inline void *read_whole(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *p;

	if (!f)
		fail_msg("cannot open %s", path);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	*size = ftell(f);
	rewind(f);
	p = malloc(*size + 1);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, *size, f), *size);
	p[*size] = '\0';
	fclose(f);
	return p;
}

static inline int memfd_of(const void *data, size_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, size, 0), size);
	return fd;
}

/* An executable of two segments: code, and @data at DATA_ADDR. */
#define CODE_ADDR 0x401000ull
#define DATA_ADDR 0x600000ull
#define DATA_AT	  0x1000

struct small_image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[3];
};

static inline struct small_image small_image(size_t data_bytes)
{
	return (struct small_image){
		.eh = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = CODE_ADDR,
			.e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 3,
			.e_shentsize = sizeof(Elf64_Shdr) },
		.ph = { { .p_type = PT_LOAD,
			  .p_flags = PF_R | PF_X,
			  .p_vaddr = CODE_ADDR,
			  .p_filesz = 0x200,
			  .p_memsz = 0x8000 },
			{ .p_type = PT_LOAD,
			  .p_flags = PF_R | PF_W,
			  .p_vaddr = DATA_ADDR,
			  .p_offset = DATA_AT,
			  .p_filesz = data_bytes,
			  .p_memsz = data_bytes + 4096 },
			{ .p_type = PT_GNU_STACK } },
	};
}

/* With @data behind it; free() it. */
static inline void *small_image_with(const void *data, size_t data_bytes, size_t *size)
{
	struct small_image head = small_image(data_bytes);
	char *p = calloc(1, DATA_AT + data_bytes);

	assert_non_null(p);
	memcpy(p, &head, sizeof(head));
	memcpy(p + DATA_AT, data, data_bytes);
	*size = DATA_AT + data_bytes;
	return p;
}

/* ---- Go programs ---- */

/* Run a command. Returns its output, which the caller frees, or NULL if it failed. */
static inline char *output_of(const char *command)
{
	char *text = NULL;
	size_t size = 0, n;
	char buf[4096];
	FILE *p = popen(command, "re"), *f = open_memstream(&text, &size);

	assert_true(p && f);
	while ((n = fread(buf, 1, sizeof(buf), p)) > 0)
		assert_int_equal(fwrite(buf, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	if (pclose(p)) {
		free(text);
		return NULL;
	}
	return text;
}

/* without the user's own settings */
#define GO_ENV                                                                             \
	"PATH=\"$PATH:/usr/local/go/bin\" GOENV=off GOFLAGS= GOEXPERIMENT= GOOS= GOARCH= " \
	"GOTOOLCHAIN=local GO111MODULE=off CGO_ENABLED=0 "

static inline bool have_go(void)
{
	char *version = output_of(GO_ENV "go version 2>/dev/null");

	free(version);
	return version;
}

/* Build @source with @flags as @dir/@name. */
static inline void go_build(const char *dir, const char *name, const char *source, const char *flags)
{
	char path[256], command[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/main.go", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(source, f) >= 0);
	assert_int_equal(fclose(f), 0);
	snprintf(command, sizeof(command), "cd %s && " GO_ENV "go build -o %s %s main.go 1>&2", dir, name, flags);
	assert_int_equal(system(command), 0);
}

/* Take the section headers away, as sstrip and some packers do. */
static inline void drop_section_headers(const char *path)
{
	static const char zeros[8];
	FILE *f = fopen(path, "r+e");

	assert_non_null(f);
	assert_int_equal(fseek(f, offsetof(Elf64_Ehdr, e_shoff), SEEK_SET), 0);
	assert_int_equal(fwrite(zeros, 1, 8, f), 8);
	assert_int_equal(fseek(f, offsetof(Elf64_Ehdr, e_shnum), SEEK_SET), 0);
	assert_int_equal(fwrite(zeros, 1, 4, f), 4);
	assert_int_equal(fclose(f), 0);
}

static inline void remove_dir(const char *dir)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

#endif /* TARE_TEST_IMAGES_H */
