// SPDX-License-Identifier: BSD-2-Clause
/* Go's build information: both forms made here, from cut down executables of several versions, and of a real one. */
#include <errno.h>
#include <fcntl.h>

#include "gobuild.h"
#include "images.h"

#define SENTINEL "0123456789abcdef"
#define BLOB_AT	 48 /* in the data: not at its beginning */

/* Data with the inline form in it. */
static void *with_inline(const char *version, const char *modinfo, size_t *size)
{
	uint8_t data[8192] = { 0 }, *p = data + BLOB_AT;
	size_t vlen = strlen(version), mlen = strlen(modinfo);

	assert_true(vlen < 128 && mlen < 4096);
	memcpy(p, "\xff Go buildinf:\x08\x02", 16);
	p += 32;
	*p++ = vlen;
	memcpy(p, version, vlen);
	p += vlen;
	*p++ = 0x80 | (mlen & 0x7f);
	*p++ = mlen >> 7;
	memcpy(p, modinfo, mlen);
	return small_image_with(data, p + mlen - data, size);
}

struct pointed {
	char magic[16];
	uint64_t version, modinfo;
	struct {
		uint64_t addr, len;
	} strings[2];
	char text[256];
};

/* The form of Go 1.13 to 1.17: pointers to strings. */
static void *with_pointers(const char *version, const char *modinfo, size_t *size)
{
	struct pointed p = {
		.magic = "\xff Go buildinf:\x08",
		.version = DATA_ADDR + offsetof(struct pointed, strings[0]),
		.modinfo = DATA_ADDR + offsetof(struct pointed, strings[1]),
		.strings = { { DATA_ADDR + offsetof(struct pointed, text), strlen(version) },
			     { DATA_ADDR + offsetof(struct pointed, text) + strlen(version), strlen(modinfo) } },
	};

	assert_true(snprintf(p.text, sizeof(p.text), "%s%s", version, modinfo) < (int)sizeof(p.text));
	return small_image_with(&p, sizeof(p), size);
}

/* Read from @data, which is freed. @img stays open: strings are the build's own, so it need not. */
static int read_from(void *data, size_t size, struct gobuild *b)
{
	struct image *img;
	int ret;

	assert_int_equal(image__open_mem(data, size, &img, NULL), 0);
	ret = gobuild__read(img, b);
	image__close(img);
	free(data);
	return ret;
}

static void versions(void **unused)
{
	static const struct {
		const char *text, *experiments;
		int minor;
		bool devel;
	} cases[] = {
		{ "go1.19", "", 19, false },
		{ "go1.26.10-X:nogreenteagc", "nogreenteagc", 26, false },
		{ "go1.25.12 X:greenteagc,jsonv2", "greenteagc,jsonv2", 25, false },
		{ "go1.22.5 (Vendor 1.22.5-1.el9)", "", 22, false },
		{ "go1.22.5 (Vendor) X:a b", "a", 22, false },
		{ "go1.27rc2", "", 27, false },
		{ "devel go1.28-3f5a1c Mon Nov 2 12:00:00 2026 +0000", "", 28, true },
		{ "devel go1.28-3f5a1c Mon Nov 2 X:simd", "simd", 28, true },
		{ "devel +3f5a1c Mon Nov 2 2020", "", 0, true },
		{ "go1.99999999999999999999", "", 0, false },
		{ "go1.x", "", 0, false },
		{ "devel go1.28-3f5aX:no", "", 28, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int pointers = 0; pointers < 2; pointers++) {
			struct gobuild b;
			size_t size;
			void *p = (pointers ? with_pointers : with_inline)(cases[i].text, "", &size);

			assert_int_equal(read_from(p, size, &b), 0);
			assert_string_equal(b.version, cases[i].text);
			assert_string_equal(b.experiments, cases[i].experiments);
			assert_int_equal(b.minor, cases[i].minor);
			assert_int_equal(b.devel, cases[i].devel);
			assert_string_equal(b.path, "");
			assert_int_equal(b.nr_settings, 0);
			gobuild__free(&b);
		}
	}
}

static void settings(void **unused)
{
	static const char text[] = SENTINEL "path\texample.org/cmd/x\n"
					    "mod\texample.org/x\tv1.2.3\th1:abc=\n"
					    "dep\texample.org/y\tv0.1.0\th1:def=\n"
					    "build\t-compiler=gc\n"
					    "build\t-ldflags=\"-s -w -X 'main.v=\\\"1\\\"'\"\n"
					    "build\t\"odd=key\"=`value`\n"
					    "build\tCGO_ENABLED=1\n"
					    "build\tEMPTY=\n"
					    "build\tno equals sign\n"
					    "nothing\n\n"
					    "build\tvcs.revision=0f0f\n" SENTINEL;

	for (int pointers = 0; pointers < 2; pointers++) {
		const char *modinfo = pointers ? "path\tp\nbuild\tCGO_ENABLED=1" : text;
		struct gobuild b;
		size_t size;
		void *p = (pointers ? with_pointers : with_inline)("go1.24.1", modinfo, &size);

		assert_int_equal(read_from(p, size, &b), 0);
		assert_string_equal(gobuild__setting(&b, "CGO_ENABLED"), "1");
		assert_null(gobuild__setting(&b, "GOARCH"));
		if (!pointers) {
			assert_string_equal(b.path, "example.org/cmd/x");
			assert_string_equal(b.module, "example.org/x");
			assert_string_equal(b.module_version, "v1.2.3");
			assert_int_equal(b.nr_settings, 6);
			assert_string_equal(gobuild__setting(&b, "-compiler"), "gc");
			assert_string_equal(gobuild__setting(&b, "-ldflags"), "-s -w -X 'main.v=\"1\"'");
			assert_string_equal(gobuild__setting(&b, "odd=key"), "value");
			assert_string_equal(gobuild__setting(&b, "EMPTY"), "");
			assert_string_equal(gobuild__setting(&b, "vcs.revision"), "0f0f");
		}
		gobuild__free(&b);
	}
}

/* A program that looks for the magic has it among its own data: what follows decides. */
static void magic_of_no_blob(void **unused)
{
	uint8_t data[512] = { 0 };
	struct gobuild b;
	size_t size;
	void *p;

	memcpy(data + 16, "\xff Go buildinf:\x08\x02", 16);
	p = small_image_with(data, sizeof(data), &size);
	assert_int_equal(read_from(p, size, &b), -ENOENT);
	assert_string_equal(b.version, "");
	gobuild__free(&b);
	memcpy(data + 128, "\xff Go buildinf:\x08\x02", 16);
	memcpy(data + 160, "\x08go1.26.1", 9);
	p = small_image_with(data, sizeof(data), &size);
	assert_int_equal(read_from(p, size, &b), 0);
	assert_int_equal(b.minor, 26);
	gobuild__free(&b);
	memmove(data + 120, data + 128, 64); /* where no linker puts it */
	memset(data + 184, 0, 64);
	p = small_image_with(data, sizeof(data), &size);
	assert_int_equal(read_from(p, size, &b), -ENOENT);
	gobuild__free(&b);
}

static void damaged(void **unused)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	unsigned good = 0;

	for (int pointers = 0; pointers < 2; pointers++) {
		size_t size;
		uint8_t *whole = (pointers ? with_pointers : with_inline)("go1.26.1", "path\tp\nbuild\tk=\"v\"", &size);

		for (size_t at = DATA_AT; at < size; at++) {
			for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
				uint8_t *bad = malloc(size);
				struct gobuild b;

				assert_non_null(bad);
				memcpy(bad, whole, size);
				bad[at] = values[v];
				good += !read_from(bad, size, &b);
				gobuild__free(&b);
			}
		}
		for (size_t cut = DATA_AT + 1; cut < size; cut++) {
			uint8_t *bad = malloc(cut);
			struct gobuild b;

			assert_non_null(bad);
			memcpy(bad, whole, cut);
			read_from(bad, cut, &b);
			gobuild__free(&b);
		}
		free(whole);
	}
	assert_true(good > 100);
}

static void of_several_versions(void **unused)
{
	static const struct {
		const char *file, *version, *arch, *experiments;
	} cases[] = {
		{ "go1.19", "go1.19.13", "amd64", "" },
		{ "go1.22-bare", "go1.22.12", "amd64", "" },
		{ "go1.26-nogreenteagc", "go1.26.11-X:nogreenteagc", "amd64", "nogreenteagc" },
		{ "go1.27-arm64-pie", "go1.27.4", "arm64", "" },
		{ "pointers", "go1.20.14", "amd64", "" },
		{ "pointers-bare", "go1.20.14", "amd64", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[128];
		struct gobuild b;
		size_t size;
		void *p;

		snprintf(path, sizeof(path), "tests/fuzz/corpus/gobuild/%s", cases[i].file);
		p = read_whole(path, &size);
		assert_int_equal(read_from(p, size, &b), 0);
		assert_string_equal(b.version, cases[i].version);
		assert_string_equal(b.experiments, cases[i].experiments);
		assert_int_equal(b.minor, atoi(b.version + 4));
		assert_string_equal(b.module, "example.org/pause");
		assert_string_equal(gobuild__setting(&b, "GOARCH"), cases[i].arch);
		assert_string_equal(gobuild__setting(&b, "-trimpath"), "true");
		gobuild__free(&b);
	}
}

static void of_what_is_no_go(void **unused)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct gobuild b;
	struct image *img;

	assert_int_equal(image__open(fd, &img, NULL), 0);
	assert_int_equal(gobuild__read(img, &b), -ENOENT);
	assert_string_equal(b.version, "");
	gobuild__free(&b);
	image__close(img);
	close(fd);
}

/* Each line "build KEY=VALUE" that `go version -m` prints, and no other. */
static void compare(const char *path, char *listing, const struct gobuild *b)
{
	size_t nr = 0;
	char *rest, *value;

	for (char *line = strtok_r(listing, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!strncmp(line, path, strlen(path))) {
			assert_string_equal(line + strlen(path) + 2, b->version);
		} else if (!strncmp(line, "\tpath\t", 6)) {
			assert_string_equal(line + 6, b->path);
		} else if (!strncmp(line, "\tbuild\t", 7)) {
			line += 7;
			value = strchr(line, '=');
			assert_non_null(value);
			*value++ = '\0';
			nr++;
			assert_non_null(gobuild__setting(b, line));
			if (*value == '"') {
				value++;
				value[strlen(value) - 1] = '\0';
			}
			assert_string_equal(gobuild__setting(b, line), value);
		}
	}
	assert_int_equal(nr, b->nr_settings);
	assert_true(nr > 3);
}

static void of_a_real_program(void **unused)
{
	static const char *const flags[] = { "", "-ldflags='-s -w'", "-buildmode=pie -trimpath" };
	char dir[] = "/tmp/tare-gobuild.XXXXXX", path[64], command[256];

	if (!have_go()) {
		print_message("no go in PATH\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/program", dir);
	snprintf(command, sizeof(command), GO_ENV "go version -m %s", path);
	for (size_t i = 0; i < ARRAY_SIZE(flags) * 2; i++) {
		struct image *img;
		struct gobuild b;
		char *listing;
		int fd;

		if (i % 2 == 0)
			go_build(dir, "program", "package main\n\nfunc main() {}\n", flags[i / 2]);
		listing = output_of(command);
		assert_non_null(listing);
		if (i % 2)
			drop_section_headers(path);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_int_equal(image__open(fd, &img, NULL), 0);
		assert_int_equal(gobuild__read(img, &b), 0);
		compare(path, listing, &b);
		assert_string_equal(gobuild__setting(&b, "CGO_ENABLED"), "0");
		gobuild__free(&b);
		image__close(img);
		close(fd);
		free(listing);
	}
	remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions),
		cmocka_unit_test(settings),
		cmocka_unit_test(magic_of_no_blob),
		cmocka_unit_test(damaged),
		cmocka_unit_test(of_several_versions),
		cmocka_unit_test(of_what_is_no_go),
		cmocka_unit_test(of_a_real_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
