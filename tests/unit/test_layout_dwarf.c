// SPDX-License-Identifier: BSD-2-Clause
/* Debug information in files that are small, damaged, or made to take time and memory. */
#include <errno.h>

#include "golayout.h"
#include "images.h"

static int by_dwarf(const void *data, size_t size, uint64_t budget_ns, struct go_layout *l, const char **why)
{
	int fd = memfd_of(data, size), ret;
	struct go_layout before;

	memset(l, 0x5a, sizeof(*l));
	before = *l;
	*why = NULL;
	ret = go_layout__by_dwarf(l, fd, budget_ns, why);
	close(fd);
	if (ret) {
		assert_int_equal(ret, -ENOENT);
		assert_non_null(*why);
		assert_memory_equal(l, &before, sizeof(before));
	} else {
		assert_null(*why);
		assert_int_equal(l->source, GO_LAYOUT_DWARF);
	}
	return ret;
}

static const char *const corpus[] = {
	"tests/fuzz/corpus/dwarf/v4",
	"tests/fuzz/corpus/dwarf/v4-zlib",
	"tests/fuzz/corpus/dwarf/v5",
	"tests/fuzz/corpus/dwarf/v5-zlib",
};

static void small_ones(void **unused)
{
	static const struct {
		enum go_field field;
		int at;
	} known[] = {
		{ G_M, 48 },	      { G_GOID, 152 },	      { M_PROCID, 72 },	     { M_CURG, 192 },
		{ P_STATUS, 4 },      { SCHED_MNEXT, 48 },    { SCHED_SIZE, 7000 },  { GC_HEAPGOAL, 104 },
		{ MSTATS_GEN, 3544 }, { MSTATS_SIZE, 13000 }, { WORK_CPUSTATS, 96 }, { G_WAITREASON, -1 },
		{ HIST_SIZE, -1 },    { SCHED_PIDLE, -1 },    { GC_ASSISTTIME, -1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(corpus); i++) {
		struct go_layout l;
		const char *why;
		size_t size;
		void *data = read_whole(corpus[i], &size);

		if (by_dwarf(data, size, NSEC_PER_SEC, &l, &why))
			fail_msg("%s: %s", corpus[i], why);
		for (size_t f = 0; f < ARRAY_SIZE(known); f++)
			if (l.at[known[f].field] != known[f].at)
				fail_msg("%s: field %d at %d, not %d", corpus[i], known[f].field, l.at[known[f].field],
					 known[f].at);
		assert_int_equal(by_dwarf(data, size, 0, &l, &why), -ENOENT);
		assert_string_equal(why, "reading debug information takes too long");
		free(data);
	}
}

/* Cut at each byte, and each byte an other one: an answer or none, and never one that is half. */
static void damaged(void **unused)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xff };

	for (size_t i = 0; i < ARRAY_SIZE(corpus); i++) {
		struct go_layout l;
		const char *why;
		size_t size;
		uint8_t *data = read_whole(corpus[i], &size);

		for (size_t len = 0; len < size; len++)
			by_dwarf(data, len, NSEC_PER_SEC, &l, &why);
		for (size_t at = 0; at < size; at++) {
			for (size_t m = 0; m < ARRAY_SIZE(masks); m++) {
				data[at] ^= masks[m];
				if (!by_dwarf(data, size, NSEC_PER_SEC, &l, &why))
					for (enum go_field f = 0; f < GO_NR_FIELDS; f++)
						assert_true(l.at[f] >= -1);
				data[at] ^= masks[m];
			}
		}
		free(data);
	}
}

/* ---- made to cost ---- */

struct section {
	const void *data;
	size_t size;
	uint64_t flags;
};

static int of_sections(struct section info, struct section abbrev, const char **why)
{
	static const char names[] = "\0.debug_info\0.debug_abbrev";
	struct small_image head = small_image(0);
	size_t size = DATA_AT + info.size + abbrev.size + sizeof(names) + 4 * sizeof(Elf64_Shdr);
	Elf64_Shdr sections[4] = {
		[1] = { .sh_name = 1,
			.sh_type = SHT_PROGBITS,
			.sh_offset = DATA_AT,
			.sh_size = info.size,
			.sh_flags = info.flags },
		[2] = { .sh_name = 13,
			.sh_type = SHT_PROGBITS,
			.sh_offset = DATA_AT + info.size,
			.sh_size = abbrev.size,
			.sh_flags = abbrev.flags },
		[3] = { .sh_type = SHT_STRTAB,
			.sh_offset = DATA_AT + info.size + abbrev.size,
			.sh_size = sizeof(names) },
	};
	char *p = calloc(1, size);
	struct go_layout l;
	int ret;

	assert_non_null(p);
	head.eh.e_shoff = size - sizeof(sections);
	head.eh.e_shnum = 4;
	head.eh.e_shstrndx = 3;
	memcpy(p, &head, sizeof(head));
	memcpy(p + DATA_AT, info.data, info.size);
	memcpy(p + sections[2].sh_offset, abbrev.data, abbrev.size);
	memcpy(p + sections[3].sh_offset, names, sizeof(names));
	memcpy(p + head.eh.e_shoff, sections, sizeof(sections));
	ret = by_dwarf(p, size, 10 * NSEC_PER_SEC, &l, why);
	free(p);
	return ret;
}

/* One DIE: a unit with a name. */
static const uint8_t one_abbrev[] = { 1, 0x11, 1, 0x03, 8, 0, 0, 0 };

static void lies_about_the_size(void **unused)
{
	static const struct {
		uint32_t type;
		uint64_t size;
		const char *why;
	} cases[] = {
		{ ELFCOMPRESS_ZLIB, 1ull << 40, "debug information is too large" },
		{ ELFCOMPRESS_ZLIB, UINT64_MAX, "debug information is too large" },
		{ ELFCOMPRESS_ZLIB, 90 << 20, "debug information is damaged" }, /* of 40 bytes */
		{ ELFCOMPRESS_ZLIB, 100, "debug information is damaged" },	/* no zlib */
		{ 77, 100, "debug information is damaged" },
	};
	struct {
		Elf64_Chdr head;
		uint8_t bytes[40];
	} packed = { 0 };
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		packed.head = (Elf64_Chdr){ .ch_type = cases[i].type, .ch_size = cases[i].size };
		assert_int_equal(of_sections((struct section){ &packed, sizeof(packed), SHF_COMPRESSED },
					     (struct section){ one_abbrev, sizeof(one_abbrev), 0 }, &why),
				 -ENOENT);
		assert_string_equal(why, cases[i].why);
		assert_int_equal(of_sections((struct section){ one_abbrev, sizeof(one_abbrev), 0 },
					     (struct section){ &packed, sizeof(packed), SHF_COMPRESSED }, &why),
				 -ENOENT);
		/* kinds of entries are few in any program: less is too much there */
		assert_string_equal(why, cases[i].size == 90 << 20 ? cases[0].why : cases[i].why);
	}
	/* not even room for its head */
	assert_int_equal(of_sections((struct section){ &packed, sizeof(packed.head) - 1, SHF_COMPRESSED },
				     (struct section){ one_abbrev, sizeof(one_abbrev), 0 }, &why),
			 -ENOENT);
	assert_string_equal(why, "debug information is damaged");
}

/* More units, and more kinds of entries, than any program has: libdw keeps all that it has seen. */
static void more_than_there_can_be(void **unused)
{
	enum { UNITS = 140000, ABBREV_BYTES = 9 << 20 };
	static const uint8_t unit[] = { 10, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 1, 'x', 0 };
	uint8_t *info = malloc(UNITS * sizeof(unit)), *abbrev = calloc(1, ABBREV_BYTES);
	const char *why;

	assert_true(info && abbrev);
	for (size_t i = 0; i < UNITS; i++)
		memcpy(info + i * sizeof(unit), unit, sizeof(unit));
	assert_int_equal(of_sections((struct section){ info, UNITS * sizeof(unit), 0 },
				     (struct section){ one_abbrev, sizeof(one_abbrev), 0 }, &why),
			 -ENOENT);
	assert_string_equal(why, "debug information does not describe the runtime");
	assert_int_equal(of_sections((struct section){ info, sizeof(unit), 0 },
				     (struct section){ abbrev, ABBREV_BYTES, 0 }, &why),
			 -ENOENT);
	assert_string_equal(why, "debug information is too large");
	assert_int_equal(of_sections((struct section){ info, 0, 0 },
				     (struct section){ one_abbrev, sizeof(one_abbrev), 0 }, &why),
			 -ENOENT);
	assert_string_equal(why, "no debug information");
	free(info);
	free(abbrev);
}

/* A unit's name that goes on to the section's very end, without a NUL. */
static void a_name_that_does_not_end(void **unused)
{
	uint8_t info[4096] = { 0xfc, 0x0f, 0, 0, 4, 0, 0, 0, 0, 0, 8, 1 };
	const char *why;

	memset(info + 12, 'r', sizeof(info) - 12);
	assert_int_equal(of_sections((struct section){ info, sizeof(info), 0 },
				     (struct section){ one_abbrev, sizeof(one_abbrev), 0 }, &why),
			 -ENOENT);
	assert_string_equal(why, "debug information does not describe the runtime");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ones),
		cmocka_unit_test(damaged),
		cmocka_unit_test(lies_about_the_size),
		cmocka_unit_test(more_than_there_can_be),
		cmocka_unit_test(a_name_that_does_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
