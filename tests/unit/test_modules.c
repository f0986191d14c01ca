// SPDX-License-Identifier: BSD-2-Clause
/* What a process has mapped, and build ids: of this very process, and of files that are not ELF, or broken. */
#include <elf.h>
#include <link.h>
#include <sys/mman.h>

#include "modules.h"
#include "records.h"

/* ---- modules ---- */

/* The note as the dynamic linker has it in memory: the same fact from another side. */
struct note {
	const char *name;
	uintptr_t inside;
	uint8_t id[64];
	unsigned len;
	char path[256];
};

static int find_note(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct note *n = ctx;

	if (!strstr(info->dlpi_name, n->name))
		return 0;
	snprintf(n->path, sizeof(n->path), "%s", info->dlpi_name);
	n->inside = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const char *p = (char *)info->dlpi_addr + ph->p_vaddr, *stop = p + ph->p_memsz;

		while (ph->p_type == PT_NOTE && p + sizeof(ElfW(Nhdr)) < stop) {
			const ElfW(Nhdr) *note = (void *)p;
			const char *name = p + sizeof(*note), *desc = name + ((note->n_namesz + 3) & ~3u);

			if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && !memcmp(name, "GNU", 4)) {
				n->len = note->n_descsz;
				memcpy(n->id, desc, n->len);
				return 1;
			}
			p = desc + ((note->n_descsz + 3) & ~3u);
		}
	}
	return 0;
}

static struct note note_of(const char *name)
{
	struct note n = { .name = name };

	assert_int_equal(dl_iterate_phdr(find_note, &n), 1);
	assert_true(n.len > 0 && n.len <= TARE_BUILD_ID_MAX);
	return n;
}

struct seen {
	struct note note;
	unsigned nr, matches;
	bool has_code;
};

static int look(const struct module *m, void *ctx)
{
	struct seen *s = ctx;

	s->nr++;
	assert_true(m->start < m->end && m->path[0] == '/' && !strchr(m->path, '\n'));
	if (m->start <= (uintptr_t)look && (uintptr_t)look < m->end) {
		s->has_code = true;
		assert_non_null(strstr(m->path, "test_modules"));
	}
	if (strstr(m->path, s->note.name)) {
		s->matches++;
		assert_int_equal(m->build_id_len, s->note.len);
		assert_memory_equal(m->build_id, s->note.id, s->note.len);
		assert_true(m->start - m->offset >= s->note.inside);
	}
	return 0;
}

/* Reading through /proc/PID/map_files takes privileges. */
static bool may_read_maps(void)
{
	return !geteuid();
}

static void modules_of_self(void **unused)
{
	struct seen s = { .note = note_of("libc.so") };

	if (!may_read_maps())
		skip();
	assert_int_equal(modules__for_each(getpid(), look, &s), 0);
	assert_true(s.nr >= 3);
	assert_int_equal(s.matches, 1);
	assert_true(s.has_code);
}

static int stop_at_second(const struct module *m, void *ctx)
{
	return ++*(int *)ctx == 2 ? 77 : 0;
}

static void visitor_may_stop(void **unused)
{
	int n = 0;

	assert_int_equal(modules__for_each(getpid(), stop_at_second, &n), 77);
	assert_int_equal(n, 2);
}

static int find_odd(const struct module *m, void *ctx)
{
	if (strstr(m->path, "odd ")) {
		++*(int *)ctx;
		/* the kernel writes a newline in octal; blanks stand as they are */
		assert_non_null(strstr(m->path, "/odd  name\\012 (deleted)"));
		assert_int_equal(m->build_id_len, 0);
	}
	return 0;
}

/* Code mapped from a file that is not ELF, has an odd name, and was deleted. */
static void module_of_an_odd_file(void **unused)
{
	char dir[] = "/tmp/tare-odd.XXXXXX", path[64];
	int fd, n = 0;
	void *p;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/odd  name\n", dir);
	fd = open(path, O_RDWR | O_CREAT, 0700);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	unlink(path);
	rmdir(dir);
	assert_true(p != MAP_FAILED);
	assert_int_equal(modules__for_each(getpid(), find_odd, &n), 0);
	assert_int_equal(n, 1);
	munmap(p, 4096);
}

/* ---- build ids of hostile files ---- */

static int memfd_of(const void *data, size_t len)
{
	int fd = memfd_create("elf", 0);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, 0), len);
	return fd;
}

static unsigned ask(const void *data, size_t len)
{
	uint8_t *id = malloc(TARE_BUILD_ID_MAX); /* of exactly that size */
	int fd = memfd_of(data, len), n;

	assert_non_null(id);
	n = elf__build_id(fd, id);
	close(fd);
	free(id);
	assert_true(n >= 0 && n <= TARE_BUILD_ID_MAX);
	return n;
}

/* A small ELF: header, one PT_NOTE, the note. */
struct small_elf {
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	Elf64_Nhdr nh;
	char name[4];
	uint8_t id[40];
};

static struct small_elf small_elf(unsigned id_len)
{
	struct small_elf e = {
		.eh = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_phoff = offsetof(struct small_elf, ph),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1 },
		.ph = { .p_type = PT_NOTE,
			.p_offset = offsetof(struct small_elf, nh),
			.p_align = 4,
			.p_filesz = sizeof(Elf64_Nhdr) + 4 + id_len,
			.p_memsz = sizeof(Elf64_Nhdr) + 4 + id_len },
		.nh = { 4, id_len, NT_GNU_BUILD_ID },
		.name = "GNU",
	};

	for (size_t i = 0; i < sizeof(e.id); i++)
		e.id[i] = i + 1;
	return e;
}

static void build_id_of_a_small_file(void **unused)
{
	uint8_t id[TARE_BUILD_ID_MAX];

	for (unsigned len = 4; len <= 40; len += 4) {
		struct small_elf e = small_elf(len);
		unsigned want = len < TARE_BUILD_ID_MAX ? len : TARE_BUILD_ID_MAX;
		int fd = memfd_of(&e, sizeof(e));

		assert_int_equal(elf__build_id(fd, id), want);
		assert_memory_equal(id, e.id, want);
		close(fd);
	}
}

static void build_id_of_what_is_no_elf(void **unused)
{
	static const char *const text[] = {
		"",
		"\x7f",
		("\x7f"
		 "ELF"),
		"#!/bin/sh\n",
		"!<arch>\n",
		"!<arch>\nx/              0",
	};
	int p[2], fd;
	uint8_t id[TARE_BUILD_ID_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		assert_int_equal(ask(text[i], strlen(text[i])), 0);
	assert_int_equal(elf__build_id(-1, id), 0);
	fd = open("/proc", O_RDONLY | O_DIRECTORY);
	assert_int_equal(elf__build_id(fd, id), 0);
	close(fd);
	assert_int_equal(pipe(p), 0);
	close(p[1]);
	assert_int_equal(elf__build_id(p[0], id), 0);
	close(p[0]);
}

static void build_id_of_a_cut_file(void **unused)
{
	struct note n = note_of("libc.so");
	unsigned char *data = malloc(1 << 20);
	int fd = open(n.path, O_RDONLY);
	ssize_t len;

	assert_non_null(data);
	len = read(fd, data, 1 << 20);
	close(fd);
	assert_true(len > 65536);
	for (ssize_t cut = 0; cut < 1200; cut += 3)
		ask(data, cut);
	for (ssize_t cut = 1200; cut < len; cut = cut * 9 / 8)
		ask(data, cut);
	free(data);
}

static void build_id_of_a_damaged_file(void **unused)
{
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct small_elf good = small_elf(20);

	assert_int_equal(ask(&good, sizeof(good)), 20);
	for (size_t pos = 0; pos < offsetof(struct small_elf, id); pos++) {
		for (size_t v = 0; v < sizeof(values); v++) {
			struct small_elf bad = good;

			((unsigned char *)&bad)[pos] = values[v];
			ask(&bad, sizeof(bad));
			((unsigned char *)&bad)[pos ^ 1] = values[v];
			ask(&bad, sizeof(bad));
		}
	}
	for (size_t len = 0; len < sizeof(good); len++)
		ask(&good, len);
}

/* ---- mappings ---- */

struct place {
	uint64_t addr;
	char name[256];
	unsigned found;
};

static int on_mapping(const struct mapping *m, void *ctx)
{
	for (struct place *p = ctx; p->addr; p++) {
		if (p->addr < m->start || p->addr >= m->end)
			continue;
		p->found++;
		snprintf(p->name, sizeof(p->name), "%s", m->name);
	}
	return 0;
}

static void mappings_of_self(void **state)
{
	char *anonymous = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = memfd_create("a name\nof two lines", MFD_CLOEXEC), local;
	char *file;

	assert_true(fd >= 0 && !ftruncate(fd, 4096));
	file = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(anonymous != MAP_FAILED && file != MAP_FAILED);
	/* a page of its own in the middle would be joined with what is like it */
	assert_int_equal(mprotect(anonymous, 4096, PROT_READ), 0);
	struct place places[] = {
		{ .addr = (uintptr_t)anonymous },
		{ .addr = (uintptr_t)file },
		{ .addr = (uintptr_t)&local },
		{ .addr = (uintptr_t)mappings_of_self },
		{ 0 },
	};

	assert_int_equal(mappings__for_each(getpid(), on_mapping, places), 0);
	for (struct place *p = places; p->addr; p++)
		assert_int_equal(p->found, 1);
	assert_string_equal(places[0].name, "");
	assert_string_equal(places[1].name, "/memfd:a name\\012of two lines (deleted)");
	assert_non_null(strstr(places[3].name, "test_modules"));
	munmap(file, 4096);
	munmap(anonymous, 8192);
	close(fd);
}

static void mappings_of_nobody(void **state)
{
	struct place none = { 0 };

	assert_int_equal(mappings__for_each(1 << 30, on_mapping, &none), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_of_self),
		cmocka_unit_test(visitor_may_stop),
		cmocka_unit_test(mappings_of_self),
		cmocka_unit_test(mappings_of_nobody),
		cmocka_unit_test(module_of_an_odd_file),
		cmocka_unit_test(build_id_of_a_small_file),
		cmocka_unit_test(build_id_of_what_is_no_elf),
		cmocka_unit_test(build_id_of_a_cut_file),
		cmocka_unit_test(build_id_of_a_damaged_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
