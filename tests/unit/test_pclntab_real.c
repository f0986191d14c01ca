// SPDX-License-Identifier: BSD-2-Clause
/* Go's function table of a real program, against Go's own tools and against what the program itself says as it runs. */
#include <errno.h>
#include <fcntl.h>

#include "images.h"
#include "insn_call.h"
#include "pclntab.h"

static const char source[] =
	"package main\n"
	"import (\"fmt\"; \"os\"; \"runtime\")\n"
	"//go:noinline\n"
	"func leaf(x int) int {\n"
	"	pcs := make([]uintptr, 64)\n"
	"	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])\n"
	"	for {\n"
	"		f, more := frames.Next()\n"
	"		fmt.Printf(\"frame %x %x %d %s %s\\n\", f.PC, f.Entry, f.Line, f.Function, f.File)\n"
	"		if !more { break }\n"
	"	}\n"
	"	return x\n"
	"}\n"
	"func small(x int) int { return leaf(x) * 3 }\n"
	"func middle(x int) int {\n"
	"	x++\n"
	"	return small(x) + x\n"
	"}\n"
	"//go:noinline\n"
	"func outer(x int) int {\n"
	"	if x < 0 { return 0 }\n"
	"	return middle(x) + middle(x + 1)\n"
	"}\n"
	"func main() {\n"
	"	maps, err := os.ReadFile(\"/proc/self/maps\")\n"
	"	if err != nil { panic(err) }\n"
	"	fmt.Printf(\"%smaps end\\n%d\\n\", maps, outer(len(os.Args)))\n"
	"}\n";

struct opened {
	struct image *img;
	struct pclntab *table;
};

static struct opened open_program(const char *path)
{
	struct opened o;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *why = "";

	assert_int_equal(image__open(fd, &o.img, NULL), 0);
	close(fd);
	if (pclntab__open(o.img, 0, &o.table, &why))
		fail_msg("%s: %s", path, why);
	return o;
}

/* Every function that Go's own tool names has that name here, and at that address. */
static void compare_functions(const char *path, struct pclntab *t)
{
	char command[256], *listing, *rest;
	unsigned same = 0, outside = 0;

	snprintf(command, sizeof(command), GO_ENV "go tool nm %s", path);
	listing = output_of(command);
	assert_non_null(listing);
	for (char *line = strtok_r(listing, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned long addr;
		char kind, name[512];
		struct go_func f;

		if (sscanf(line, "%lx %c %511[^\n]", &addr, &kind, name) != 3 || (kind != 'T' && kind != 't') ||
		    strncmp(name, "runtime.", 8) || !strcmp(name, "runtime.text") || !strcmp(name, "runtime.etext"))
			continue;
		/* assembly goes by another binary interface, which is no part of the name */
		if (strlen(name) > 5 && !strcmp(name + strlen(name) - 5, ".abi0"))
			name[strlen(name) - 5] = '\0';
		if (pclntab__func_at(t, addr, &f) || f.entry != addr) {
			outside++;
			continue;
		}
		assert_string_equal(f.name, name);
		/* where a function begins the return address is what lies on top of the stack */
		assert_int_equal(pclntab__frame_bytes(t, addr), 0);
		same++;
	}
	assert_true(same > 500 && outside < 5);
	free(listing);
}

struct live {
	uint64_t pc, entry;
	unsigned line;
	char function[64], file[256];
};

static uint64_t bias_of(struct image *img, const char *maps, const char *path)
{
	char *copy = strdup(maps), *rest;
	unsigned lines = 0;
	uint64_t bias = 0;

	assert_non_null(copy);
	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned long start, offset;
		char perms[5];

		if (!strstr(line, path) || sscanf(line, "%lx-%*x %4s %lx", &start, perms, &offset) != 3 ||
		    perms[2] != 'x')
			continue;
		assert_int_equal(image__bias(img, start, offset, true, &bias), 0);
		lines++;
	}
	assert_int_equal(lines, 1);
	free(copy);
	return bias;
}

/* Who calls another at @pc has a frame by then, of whole words, and the same one when that returns. */
static void check_call(struct opened *o, uint64_t pc)
{
	int bytes = pclntab__frame_bytes(o->table, pc);

	assert_true(bytes > 0 && bytes % 8 == 0);
	assert_int_equal(pclntab__frame_bytes(o->table, pc + 1), bytes);
	assert_true(insn__follows_call(o->img, pc + 1));
	assert_false(insn__follows_call(o->img, pc));
}

/* The program's own view of its stack against the table, given the one address that is really on it. */
static unsigned compare_frames(struct opened *o, const char *output, uint64_t bias)
{
	char *copy = strdup(output), *rest;
	struct go_frame frames[8];
	int nr = 0, i = 0;
	unsigned stacks = 0;

	assert_non_null(copy);
	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct live l;

		if (sscanf(line, "frame %lx %lx %u %63s %255[^\n]", &l.pc, &l.entry, &l.line, l.function, l.file) != 5)
			continue;
		if (i == nr) {
			nr = pclntab__frames_at(o->table, l.pc - bias, frames, 8);
			assert_true(nr > 0);
			i = 0;
			stacks += nr == 3;
			/* what a goroutine returns to last was never called by it */
			if (strcmp(l.function, "runtime.goexit"))
				check_call(o, l.pc - bias);
		}
		assert_string_equal(frames[i].name, l.function);
		assert_string_equal(frames[i].file, l.file);
		assert_int_equal(frames[i].line, l.line);
		i++;
	}
	assert_int_equal(i, nr);
	free(copy);
	return stacks;
}

static void of_a_real_program(void **unused)
{
	static const struct {
		const char *flags;
		bool stripped, bare;
	} variants[] = {
		{ "", false, false },
		{ "-ldflags='-s -w'", true, false },
		{ "-buildmode=pie", false, false },
		{ "-buildmode=pie -ldflags='-s -w'", true, true },
	};
	char dir[] = "/tmp/tare-pclntab.XXXXXX", path[64];

	if (!have_go()) {
		print_message("no go in PATH\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/program", dir);
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		uint64_t bias, addr;
		struct opened o;
		char *output;

		go_build(dir, "program", source, variants[i].flags);
		if (variants[i].bare)
			drop_section_headers(path);
		o = open_program(path);
		if (variants[i].stripped)
			assert_int_equal(image__symbol(o.img, "main.main", &addr, NULL), -ENOENT);
		else
			compare_functions(path, o.table);
		output = output_of(path);
		assert_non_null(output);
		bias = bias_of(o.img, output, path);
		assert_true(image__type(o.img) == ET_DYN || !bias);
		assert_int_equal(compare_frames(&o, output, bias), 2);
		assert_int_equal(pclntab__is_inlined(o.table, "main.small"), 1);
		free(output);
		pclntab__close(o.table);
		image__close(o.img);
	}
	remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_a_real_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
