// SPDX-License-Identifier: BSD-2-Clause
/* Go's function table: of cut down executables of several versions, and damaged ones. */
#include <errno.h>

#include "images.h"
#include "pclntab_impl.h"

#define CORPUS "tests/fuzz/corpus/pclntab/"

struct opened {
	void *data;
	size_t size;
	struct image *img;
	struct pclntab *table;
};

static struct opened open_cut_down(const char *name)
{
	struct opened o;
	char path[128];

	snprintf(path, sizeof(path), CORPUS "%s", name);
	o.data = read_whole(path, &o.size);
	assert_int_equal(image__open_mem(o.data, o.size, &o.img, NULL), 0);
	assert_int_equal(pclntab__open(o.img, 0, &o.table, NULL), 0);
	return o;
}

static void opened__close(struct opened *o)
{
	pclntab__close(o->table);
	image__close(o->img);
	free(o->data);
}

static const struct {
	const char *file;
	int minor;
	uint64_t outer, main, text; /* as Go's own tools say of the whole executables */
	uint32_t start_line;
} seeds[] = {
	{ "go1.19", 18, 0x460f20, 0x460f80, 0x401000, 0 },
	{ "go1.19-pie-bare", 18, 0x460f20, 0x460f80, 0x401000, 0 },
	{ "go1.20", 20, 0x461680, 0x4616e0, 0x401000, 9 },
	{ "go1.22-bare", 20, 0x4646c0, 0x464720, 0x401000, 9 },
	{ "go1.25-pie", 20, 0x47e9a0, 0x47ea00, 0x401000, 9 },
	{ "go1.26", 20, 0x489580, 0x4895e0, 0x401000, 9 },
	{ "go1.26-pie-bare", 20, 0x489580, 0x4895e0, 0x401000, 9 },
	{ "go1.27", 20, 0x4830e0, 0x483140, 0x401000, 9 },
	{ "go1.27-arm64", 20, 0x8d620, 0x8d690, 0x11000, 9 },
};

static void functions_of_several_versions(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		struct opened o = open_cut_down(seeds[i].file);
		struct go_wanted wanted[] = {
			{ .name = "runtime.newproc" }, { .name = "main.outer" },      { .name = "main.small" },
			{ .name = "main.main" },       { .name = "runtime.newproc" },
		};
		struct go_func f;

		assert_int_equal(pclntab__minor(o.table), seeds[i].minor);
		assert_true(pclntab__text(o.table) == seeds[i].text);
		assert_non_null(pclntab__module(o.table));
		assert_true(pclntab__module(o.table)->text == seeds[i].text);
		assert_int_equal(pclntab__find_funcs(o.table, wanted, ARRAY_SIZE(wanted)), 4);
		assert_int_equal(wanted[0].matches, 2); /* and the wrapper, which is smaller */
		assert_int_equal(wanted[4].matches, 2);
		assert_int_equal(wanted[0].func.func_id, 0);
		assert_true(wanted[0].func.entry == wanted[4].func.entry);
		assert_int_equal(wanted[1].matches, 1);
		assert_int_equal(wanted[2].matches, 0); /* always inlined */
		assert_true(wanted[1].func.entry == seeds[i].outer && wanted[3].func.entry == seeds[i].main);
		assert_int_equal(wanted[1].func.start_line, seeds[i].start_line);
		assert_string_equal(wanted[1].func.name, "main.outer");
		assert_true(wanted[1].func.end == wanted[3].func.entry);
		assert_int_equal(pclntab__find_func(o.table, "main.main", &f), 0);
		assert_true(f.entry == seeds[i].main);
		assert_int_equal(pclntab__find_func(o.table, "main.mai", &f), -ENOENT);
		assert_int_equal(pclntab__find_func(o.table, "main.main2", &f), -ENOENT);
		assert_int_equal(pclntab__find_func(o.table, "", &f), -ENOENT);
		assert_int_equal(pclntab__func(o.table, pclntab__nr(o.table), &f), -ENOENT);
		opened__close(&o);
	}
}

/* Two of the same name, neither a wrapper: the larger one. */
static void the_larger_of_equals(void **unused)
{
	struct opened o = open_cut_down("go1.26");
	struct go_func f, large = { 0 };
	struct raw_func raw;

	for (uint32_t i = 0; i < pclntab__nr(o.table); i++) {
		assert_int_equal(pclntab__func(o.table, i, &f), 0);
		if (strcmp(f.name, "runtime.newproc"))
			continue;
		if (f.end - f.entry > large.end - large.entry)
			large = f;
		assert_int_equal(pclntab__raw(o.table, i, &raw), 0);
		((uint8_t *)o.data)[o.table->offset + raw.at + o.table->format->func_id] = 0;
	}
	assert_int_equal(pclntab__find_func(o.table, "runtime.newproc", &f), 0);
	assert_true(f.entry == large.entry && f.end == large.end);
	opened__close(&o);
}

/* Some address in main.outer is where main.middle and in it main.small were inlined; its first is its own. */
static void frames_of_several_versions(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		struct opened o = open_cut_down(seeds[i].file);
		struct go_frame frames[4] = { { 0 } };
		struct go_func f;
		unsigned three = 0;

		assert_int_equal(pclntab__find_func(o.table, "main.outer", &f), 0);
		assert_int_equal(pclntab__frames_at(o.table, f.entry, frames, 4), 1);
		assert_string_equal(frames[0].name, "main.outer");
		assert_string_equal(frames[0].file, "example.org/pause/main.go");
		assert_int_equal(frames[0].line, 9);
		assert_false(frames[0].inlined);
		for (uint64_t pc = f.entry; pc < f.end; pc++) {
			int n = pclntab__frames_at(o.table, pc, frames, 4);

			assert_true(n >= 1 && n <= 3);
			assert_string_equal(frames[n - 1].name, "main.outer");
			if (n < 3)
				continue;
			three++;
			assert_string_equal(frames[0].name, "main.small");
			assert_string_equal(frames[1].name, "main.middle");
			assert_int_equal(frames[0].line, 5);
			assert_int_equal(frames[1].line, 6);
			assert_int_equal(frames[2].line, 13);
			assert_true(frames[0].inlined && frames[1].inlined && !frames[2].inlined);
			assert_string_equal(frames[0].file, "example.org/pause/main.go");
			assert_int_equal(pclntab__frames_at(o.table, pc, frames, 2), 2); /* no more than asked for */
		}
		assert_true(three > 0);
		assert_int_equal(pclntab__is_inlined(o.table, "main.small"), 1);
		assert_int_equal(pclntab__is_inlined(o.table, "main.middle"), 1);
		assert_int_equal(pclntab__is_inlined(o.table, "main.outer"), 0);
		assert_int_equal(pclntab__is_inlined(o.table, "main.smal"), 0);
		assert_int_equal(pclntab__is_inlined(o.table, "no.such"), 0);
		opened__close(&o);
	}
}

static void addresses(void **unused)
{
	struct opened o = open_cut_down("go1.26");
	struct go_func f, at;
	struct go_frame frame;
	uint64_t last = 0;

	for (uint32_t i = 0; i < pclntab__nr(o.table); i++) {
		assert_int_equal(pclntab__func(o.table, i, &f), 0);
		assert_true(f.entry >= last && f.end > f.entry && f.index == i);
		last = f.end;
		assert_int_equal(pclntab__func_at(o.table, f.entry, &at), 0);
		assert_int_equal(at.index, i);
		assert_int_equal(pclntab__func_at(o.table, f.end - 1, &at), 0);
		assert_int_equal(at.index, i);
	}
	assert_int_equal(pclntab__func_at(o.table, last, &at), -ENOENT);
	assert_int_equal(pclntab__func_at(o.table, pclntab__text(o.table) - 1, &at), -ENOENT);
	assert_int_equal(pclntab__func_at(o.table, 0, &at), -ENOENT);
	assert_int_equal(pclntab__func_at(o.table, UINT64_MAX, &at), -ENOENT);
	assert_int_equal(pclntab__frames_at(o.table, last, &frame, 1), -ENOENT);
	opened__close(&o);
}

/* ---- what is not there, or is damaged ---- */

static const char *why_not(void *data, size_t size, int want)
{
	const char *why = "";
	struct pclntab *t;
	struct image *img;

	assert_int_equal(image__open_mem(data, size, &img, NULL), 0);
	assert_int_equal(pclntab__open(img, 0, &t, &why), want);
	image__close(img);
	return why;
}

static void tables_that_are_declined(void **unused)
{
	uint8_t data[256] = { 0 };
	size_t size;
	void *p = small_image_with(data, sizeof(data), &size);

	assert_non_null(strstr(why_not(p, size, -ENOENT), "no Go function table"));
	free(p);
	memcpy(data + 64, "\xfb\xff\xff\xff\0\0\x01\x08", 8);
	p = small_image_with(data, sizeof(data), &size);
	assert_non_null(strstr(why_not(p, size, -EOPNOTSUPP), "1.15"));
	free(p);
	memcpy(data + 64, "\xf1\xff\xff\xff\0\0\x01\x08\1", 9); /* a header of nothing */
	p = small_image_with(data, sizeof(data), &size);
	why_not(p, size, -ENOENT);
	free(p);
}

/* Some builds give the table a magic of their own: what it is shows in how its parts fit. */
static void hidden_by_another_magic(void **unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
		struct opened o = open_cut_down(seeds[i].file);
		struct pclntab *t;
		struct image *img;
		struct go_func f;

		memcpy((char *)o.data + o.table->offset, "\xe1\x1b\x64\x7d", 4);
		assert_int_equal(image__open_mem(o.data, o.size, &img, NULL), 0);
		assert_int_equal(pclntab__open(img, 0, &t, NULL), 0);
		assert_int_equal(pclntab__minor(t), seeds[i].minor);
		assert_int_equal(pclntab__nr(t), pclntab__nr(o.table));
		assert_int_equal(pclntab__find_func(t, "main.main", &f), 0);
		assert_true(f.entry == seeds[i].main);
		pclntab__close(t);
		image__close(img);
		opened__close(&o);
	}
}

/* The address of the code stands in the module alone; where that is not found, only the caller can know it. */
static void text_given_by_the_caller(void **unused)
{
	struct opened o = open_cut_down("go1.26");
	uint64_t offset, text = pclntab__text(o.table);
	struct pclntab *t;
	struct image *img;
	struct go_func f;

	assert_int_equal(image__offset(o.img, pclntab__module(o.table)->addr, &offset), 0);
	memset((char *)o.data + offset, 0, 8);
	assert_non_null(strstr(why_not(o.data, o.size, -EINVAL), "code begins"));
	assert_int_equal(image__open_mem(o.data, o.size, &img, NULL), 0);
	assert_int_equal(pclntab__open(img, text, &t, NULL), 0);
	assert_null(pclntab__module(t));
	assert_int_equal(pclntab__find_func(t, "main.main", &f), 0);
	assert_true(f.entry >= text);
	assert_int_equal(pclntab__is_inlined(t, "main.small"), -EOPNOTSUPP);
	pclntab__close(t);
	image__close(img);
	opened__close(&o);
}

static bool use(const void *data, size_t size)
{
	struct go_frame frames[8];
	struct pclntab *t;
	struct image *img;
	struct go_func f;
	bool found;
	int n;

	if (image__open_mem(data, size, &img, NULL))
		return false;
	if (pclntab__open(img, 0, &t, NULL)) {
		image__close(img);
		return false;
	}
	found = !pclntab__find_func(t, "main.outer", &f);
	for (uint64_t pc = f.entry; found && pc < f.end && pc < f.entry + 64; pc += 7) {
		n = pclntab__frames_at(t, pc, frames, 8);
		assert_true(n == -ENOENT || (n >= 1 && n <= 8));
		for (int i = 0; i < n; i++)
			assert_true(strlen(frames[i].name) + strlen(frames[i].file) < size);
	}
	pclntab__is_inlined(t, "main.small");
	pclntab__close(t);
	image__close(img);
	return found;
}

static void damaged(void **unused)
{
	struct opened o = open_cut_down("go1.27-arm64");
	unsigned good = 0, tried = 0;

	for (size_t at = 16; at < o.size; at += at < 1024 ? 1 : 5) {
		uint8_t *bad = malloc(o.size);

		assert_non_null(bad);
		memcpy(bad, o.data, o.size);
		bad[at] ^= 0xff;
		good += use(bad, o.size);
		tried++;
		free(bad);
	}
	assert_true(good > tried / 4 && good < tried);
	for (size_t size = 0; size < o.size; size += 97) {
		uint8_t *cut = malloc(size ? size : 1);

		assert_non_null(cut);
		memcpy(cut, o.data, size);
		use(cut, size);
		free(cut);
	}
	opened__close(&o);
}

static void too_many_names(void **unused)
{
	struct opened o = open_cut_down("go1.26");

	assert_int_equal(pclntab__find_funcs(o.table, NULL, 1 << 20), -EINVAL);
	assert_int_equal(pclntab__find_funcs(o.table, NULL, 0), 0);
	opened__close(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_several_versions),
		cmocka_unit_test(the_larger_of_equals),
		cmocka_unit_test(frames_of_several_versions),
		cmocka_unit_test(addresses),
		cmocka_unit_test(tables_that_are_declined),
		cmocka_unit_test(hidden_by_another_magic),
		cmocka_unit_test(text_given_by_the_caller),
		cmocka_unit_test(damaged),
		cmocka_unit_test(too_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
