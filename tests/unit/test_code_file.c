// SPDX-License-Identifier: BSD-2-Clause
/* Functions, lines and inlined calls of programs made by the compilers that are here. */
#include <errno.h>
#include <fcntl.h>

#include "code_file.h"
#include "demangle.h"
#include "images.h"

static char dir[] = "/tmp/test_code_file.XXXXXX";

static const char source_c[] = "volatile int sink;\n"						  /* 1 */
			       "static inline __attribute__((always_inline)) int inner(int a)\n"  /* 2 */
			       "{\n"								  /* 3 */
			       "	return sink += a;\n"					  /* 4 */
			       "}\n"								  /* 5 */
			       "static inline __attribute__((always_inline)) int middle(int a)\n" /* 6 */
			       "{\n"								  /* 7 */
			       "	return inner(a) * 3;\n"					  /* 8 */
			       "}\n"								  /* 9 */
			       "__attribute__((noinline)) int outer(int a)\n"			  /* 10 */
			       "{\n"								  /* 11 */
			       "	return middle(a + 1);\n"				  /* 12 */
			       "}\n"
			       "int main(void) { return outer(3); }\n";

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command))
		fail_msg("failed: %s", command);
}

static bool have(const char *tool)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", tool);
	return !system(command);
}

static void write_source(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static struct code_file *file_of(const char *name)
{
	char path[128];
	struct code_file *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = code_file__open(open(path, O_RDONLY | O_CLOEXEC), getpid(), path);
	assert_non_null(f);
	return f;
}

/*
 * The chain where the most is inlined into @function, which begins with it by its linker's name in @with_symbols:
 * "inner c.c:4 < middle c.c:8 < outer c.c:12".
 */
static void deepest(struct code_file *f, const char *with_symbols, const char *function, const char *const *dirs,
		    char *text, size_t size)
{
	struct debug_places places = { .dirs = dirs, .nr_dirs = dirs ? 1 : 0 };
	struct code_file *named = file_of(with_symbols);
	uint64_t start = 0, bytes = 0, room = 1 << 28;
	struct code_frame frames[16], best[16];
	char buf[512];
	int nr, most = 0;

	assert_int_equal(image__symbol(code_file__image(named), function, &start, &bytes), 0);
	for (uint64_t at = start; at < start + bytes; at++) {
		nr = code_file__frames_at(f, at, &places, &room, frames, 16);
		if (nr <= most)
			continue;
		most = nr;
		memcpy(best, frames, sizeof(best));
	}
	*text = '\0';
	for (int i = 0; i < most; i++) {
		const char *base = best[i].file ? strrchr(best[i].file, '/') : NULL;
		size_t len = strlen(text);

		snprintf(text + len, size - len, "%s%s %s:%u", i ? " < " : "", demangle(best[i].name, buf, sizeof(buf)),
			 base ? base + 1 : "?", best[i].line);
	}
	code_file__close(named);
}

static void is(const char *file, const char *with_symbols, const char *function, const char *const *dirs,
	       const char *want)
{
	struct code_file *f = file_of(file);
	char text[1024];

	deepest(f, with_symbols, function, dirs, text, sizeof(text));
	if (strcmp(text, want))
		fail_msg("%s: \"%s\", not \"%s\"", file, text, want);
	code_file__close(f);
}

static const char chain[] = "inner c.c:4 < middle c.c:8 < outer c.c:12";

static void inlined(void **unused)
{
	static const char *const flags[] = { "-gdwarf-4", "-gdwarf-5", "-gdwarf-5 -gz", "-gdwarf-4 -static -fno-pie" };
	static const char *const compilers[] = { "gcc", "clang" };

	write_source("c.c", source_c);
	for (size_t i = 0; i < ARRAY_SIZE(flags) * ARRAY_SIZE(compilers); i++) {
		const char *cc = compilers[i % 2];

		if (!have(cc))
			continue;
		run("cd %s && %s -O2 %s -o prog c.c", dir, cc, flags[i / 2]);
		is("prog", "prog", "outer", NULL, chain);
	}
}

/* Without: only the function's name; stripped: nothing. */
static void without(void **unused)
{
	struct code_frame frames[4];
	uint64_t start, room = 1 << 28;
	struct code_file *f;

	run("cd %s && gcc -O2 -o plain c.c && strip -o bare plain", dir);
	is("plain", "plain", "outer", NULL, "outer ?:0");
	is("bare", "plain", "outer", NULL, "");
	/* split: the rest is in a file of any name */
	run("cd %s && gcc -O2 -g -gsplit-dwarf -o split c.c", dir);
	is("split", "split", "outer", NULL, "outer ?:0");
	/* more than there is room for */
	run("cd %s && gcc -O2 -g -o prog c.c", dir);
	f = file_of("prog");
	assert_int_equal(image__symbol(code_file__image(f), "outer", &start, NULL), 0);
	room = 100;
	assert_int_equal(code_file__frames_at(f, start, &(struct debug_places){ 0 }, &room, frames, 4), 1);
	assert_int_equal(frames[0].line, 0);
	assert_int_equal(room, 100);
	code_file__close(f);
}

/* In a file of its own, found by build id in a folder, or by the link; but not another build's. */
static void separate(void **unused)
{
	const char *dirs[] = { NULL };
	char root[128], *id, where[256];

	run("cd %s && gcc -O2 -g -Wl,--build-id=sha1 -o full c.c && strip -o bare full && objcopy --only-keep-debug full full.dbg",
	    dir);
	snprintf(root, sizeof(root), "%s/debug", dir);
	dirs[0] = root;
	snprintf(where, sizeof(where), "readelf -n %s/full | sed -n 's/.*Build ID: //p' | tr -d '\\n'", dir);
	id = output_of(where);
	assert_int_equal(strlen(id), 40);
	is("bare", "full", "outer", dirs, "");
	run("mkdir -p %s/.build-id/%.2s && cp %s/full.dbg %s/.build-id/%.2s/%s.debug", root, id, dir, root, id, id + 2);
	is("bare", "full", "outer", dirs, chain);
	is("bare", "full", "outer", NULL, "");
	/* another program's in its place */
	run("cd %s && gcc -O1 -g -Wl,--build-id=sha1 -Dinner=wrong -o other c.c && cp other %s/.build-id/%.2s/%s.debug",
	    dir, root, id, id + 2);
	is("bare", "full", "outer", dirs, "");
	/* by link, beside it */
	run("cd %s && cp bare linked && objcopy --add-gnu-debuglink=full.dbg linked", dir);
	is("linked", "full", "outer", NULL, chain);
	run("cd %s && mkdir .debug && mv full.dbg .debug", dir);
	is("linked", "full", "outer", NULL, chain);
	run("cd %s && cp other .debug/full.dbg", dir);
	is("linked", "full", "outer", NULL, "");
	/* without any build id its checksum must do */
	run("cd %s && gcc -O2 -g -Wl,--build-id=none -o noid c.c && objcopy --only-keep-debug noid noid.dbg && "
	    "strip -o noidbare noid && objcopy --add-gnu-debuglink=noid.dbg noidbare",
	    dir);
	is("noidbare", "noid", "outer", NULL, chain);
	run("cd %s && printf x >>noid.dbg", dir);
	is("noidbare", "noid", "outer", NULL, "");
	free(id);
}

/* What several files share of it (dwz). */
static void shared(void **unused)
{
	if (!have("dwz"))
		skip();
	run("cd %s && gcc -O2 -gdwarf-4 -o one c.c && cp one two && dwz -m shared.dwz one two", dir);
	is("one", "one", "outer", NULL, "outer ?:0"); /* a path in a file is not opened */
}

static void of_cpp(void **unused)
{
	if (!have("g++"))
		skip();
	write_source("p.cc", "volatile int sink;\n"
			     "namespace shop {\n"
			     "struct basket {\n"
			     "	int n;\n"
			     "	__attribute__((always_inline)) void add(int a) { sink += n += a; }\n"
			     "};\n"
			     "template <typename T> __attribute__((noinline)) void fill(T *b)\n"
			     "{\n"
			     "	b->add(3);\n"
			     "}\n"
			     "}\n"
			     "int main() { shop::basket b{1}; shop::fill(&b); return b.n; }\n");
	run("cd %s && g++ -O2 -g -o prog p.cc", dir);
	is("prog", "prog", "_ZN4shop4fillINS_6basketEEEvPT_", NULL,
	   "shop::basket::add p.cc:5 < shop::fill<shop::basket> p.cc:9");
}

static void of_rust(void **unused)
{
	char *name, command[256];

	if (!have("rustc"))
		skip();
	write_source("r.rs", "use std::hint::black_box;\n"
			     "#[inline(always)]\n"
			     "fn inner(a: u32) -> u32 {\n"
			     "    black_box(a) * 3\n"
			     "}\n"
			     "#[inline(never)]\n"
			     "fn outer(a: u32) -> u32 {\n"
			     "    inner(a) + black_box(1)\n"
			     "}\n"
			     "fn main() {\n"
			     "    println!(\"{}\", outer(black_box(4)));\n"
			     "}\n");
	for (int v0 = 0; v0 < 2; v0++) {
		char text[1024];
		struct code_file *f;

		run("cd %s && rustc -O -g %s -o prog r.rs", dir, v0 ? "-C symbol-mangling-version=v0" : "");
		snprintf(command, sizeof(command), "nm %s/prog | sed -n 's/.* \\(_.*r5outer.*\\)/\\1/p' | tr -d '\\n'",
			 dir);
		name = output_of(command);
		f = file_of("prog");
		deepest(f, "prog", name, NULL, text, sizeof(text));
		if (!strstr(text, "r::inner r.rs:4 < r::outer r.rs:8"))
			fail_msg("\"%s\"", text);
		code_file__close(f);
		free(name);
	}
}

/* Cut anywhere, and with other bytes anywhere: whatever comes, it comes to an end. */
static void damaged(void **unused)
{
	char path[128], *bytes;
	struct code_frame frames[8];
	uint64_t room, start;
	unsigned seed = 1;
	struct code_file *f;
	size_t size;

	run("cd %s && gcc -O2 -g -o prog c.c", dir);
	snprintf(path, sizeof(path), "%s/prog", dir);
	bytes = read_whole(path, &size);
	f = file_of("prog");
	assert_int_equal(image__symbol(code_file__image(f), "outer", &start, NULL), 0);
	code_file__close(f);
	for (int i = 0; i < 200; i++) {
		size_t len = i % 2 ? size : rand_r(&seed) % size;
		char *copy = malloc(len + 1);

		memcpy(copy, bytes, len);
		if (i % 2)
			memset(copy + sizeof(Elf64_Ehdr) + rand_r(&seed) % (len - 4096), 0, rand_r(&seed) % 2048);
		f = code_file__open(memfd_of(copy, len), getpid(), path);
		room = 1 << 28;
		if (f)
			code_file__frames_at(f, start, &(struct debug_places){ 0 }, &room, frames, 8);
		code_file__close(f);
		free(copy);
	}
	free(bytes);
}

static int make_dir(void **unused)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **unused)
{
	remove_dir(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inlined), cmocka_unit_test(without), cmocka_unit_test(separate),
		cmocka_unit_test(shared),  cmocka_unit_test(of_cpp),  cmocka_unit_test(of_rust),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
