// SPDX-License-Identifier: BSD-2-Clause
/*
 * The ledger of bytes: which class each mapping is in, by the kernel's text about it; what a runtime's heap divides
 * into; and what several readings come to. All sums are exact.
 */
#include "bytes_classes.h"
#include "bytes_ledger.h"
#include "records.h"
#include "smaps.h"

enum { PAGE = 4096, MAPPINGS = 32 };

#define MIB 0x100000ull

/* A process that does not exist. */
static struct {
	FILE *smaps;
	char *text;
	size_t len;
	struct {
		uint64_t start, resident_end;
	} mappings[MAPPINGS];
	size_t nr;
	uint64_t rss;
	struct {
		uint64_t at, words[2];
	} chunks[4];
	unsigned nr_chunks, peeks;
	bool no_pagemap;
} fake;

static void begin(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.smaps = open_memstream(&fake.text, &fake.len);
	assert_non_null(fake.smaps);
}

/* A mapping whose first @resident bytes are there, as its pagemap has it. */
static void map_of(uint64_t start, uint64_t bytes, const char *perms, unsigned inode, const char *name,
		   uint64_t resident, uint64_t rss)
{
	fprintf(fake.smaps, "%lx-%lx %s 00000000 08:01 %u %*s%s\nSize: %lu kB\nRss: %lu kB\nPss: 1 kB\nVmFlags: rd\n",
		start, start + bytes, perms, inode, name[0] ? 10 : 0, "", name, bytes / 1024, rss / 1024);
	assert_true(fake.nr < MAPPINGS);
	fake.mappings[fake.nr].start = start;
	fake.mappings[fake.nr++].resident_end = start + resident;
	fake.rss += rss;
}

static void map(uint64_t start, uint64_t bytes, const char *perms, unsigned inode, const char *name, uint64_t rss)
{
	map_of(start, bytes, perms, inode, name, rss, rss);
}

static void chunk(uint64_t at, uint64_t before, uint64_t size)
{
	fake.chunks[fake.nr_chunks].at = at;
	fake.chunks[fake.nr_chunks].words[0] = before;
	fake.chunks[fake.nr_chunks++].words[1] = size;
}

static ssize_t pages(uint64_t start, uint64_t *entries, size_t nr, void *ctx)
{
	if (fake.no_pagemap)
		return -EPERM;
	memset(entries, 0, nr * sizeof(*entries));
	for (size_t m = 0; m < fake.nr; m++)
		for (size_t i = 0; i < nr; i++)
			if (start + i * PAGE >= fake.mappings[m].start &&
			    start + i * PAGE < fake.mappings[m].resident_end)
				entries[i] = PAGEMAP_PRESENT | 7;
	return nr;
}

static int peek(uint64_t address, void *to, size_t len, void *ctx)
{
	fake.peeks++;
	assert_int_equal(len, 16);
	memset(to, 0, len);
	for (unsigned i = 0; i < fake.nr_chunks; i++)
		if (fake.chunks[i].at == address)
			memcpy(to, fake.chunks[i].words, len);
	return 0;
}

static int classify(struct runtime_memory *m, uint64_t classes[TARE_NR_BYTES])
{
	struct bytes_source from = { .memory = m, .pages = pages, .peek = peek };
	int ret;

	fclose(fake.smaps);
	from.smaps = fmemopen(fake.text, fake.len ?: 1, "r");
	assert_non_null(from.smaps);
	if (m)
		runtime_memory__sort(m);
	ret = bytes_classes__sum(&from, classes);
	fclose(from.smaps);
	free(fake.text);
	return ret;
}

static uint64_t sum(const uint64_t classes[TARE_NR_BYTES])
{
	uint64_t all = 0;

	for (unsigned i = 0; i < TARE_NR_BYTES; i++)
		all += classes[i];
	return all;
}

static void are(const uint64_t *got, const uint64_t *want)
{
	for (unsigned i = 0; i < TARE_NR_BYTES; i++)
		if (got[i] != want[i])
			fail_msg("%s: %lu, should be %lu", bytes__name(i), got[i], want[i]);
}

static void add_program(uint64_t *want)
{
	map(0x400000, 10 * PAGE, "r-xp", 11, "/bin/program with a name: (deleted)", 8 * PAGE);
	map(0x40a000, 2 * PAGE, "rw-p", 11, "/bin/program with a name: (deleted)", 2 * PAGE);
	map(0x40c000, 6 * PAGE, "rw-p", 0, "", 5 * PAGE); /* its .bss */
	want[TARE_BYTES_CODE] += 15 * PAGE;
}

/* ---- programs without a runtime ---- */

static void native(void **unused)
{
	uint64_t got[TARE_NR_BYTES], want[TARE_NR_BYTES] = { 0 };
	const uint64_t arena = 0x7f0000000000, stack = 0x7f1000001000, lib = 0x7f2000000000;

	begin();
	add_program(want);
	map(0x1000000, 100 * PAGE, "rw-p", 0, "[heap]", 90 * PAGE);
	map(arena, 33 * PAGE, "rw-p", 0, "", 30 * PAGE);
	map(arena + 33 * PAGE, 64 * MIB - 33 * PAGE, "---p", 0, "", 0);
	map(arena + 64 * MIB, 64 * MIB, "rw-p", 0, "", 40 * PAGE); /* full, and nothing after it */
	map(stack - PAGE, PAGE, "---p", 0, "", 0);
	map(stack, 8 * MIB, "rw-p", 0, "", 7 * PAGE);
	map(lib, 4 * PAGE, "r--p", 22, "/lib/libc.so.6", 3 * PAGE);
	map(lib + 4 * PAGE, 4 * PAGE, "r-xp", 22, "/lib/libc.so.6", 2 * PAGE);
	map(0x7f3000000000, 9 * PAGE, "r--p", 33, "/data/file", 6 * PAGE);
	map(0x7f4000000000, 9 * PAGE, "rw-s", 44, "/dev/shm/mine", 5 * PAGE);
	map(0x7f4000010000, 9 * PAGE, "rw-s", 45, "/dev/zero (deleted)", 4 * PAGE);
	map(0x7f5000000000, 9 * PAGE, "rw-p", 0, "", 9 * PAGE);
	map(0x7f6000000000, 9 * PAGE, "rwxp", 0, "", PAGE); /* made at run time */
	map(0x7f7000000000, 512, "---p", 0, "", 0);
	map(0x7ffff0000000, 33 * PAGE, "rw-p", 0, "[stack]", 3 * PAGE);
	map(0x7ffff8000000, 4 * PAGE, "r--p", 0, "[vvar]", 0);
	map(0x7ffff8004000, 2 * PAGE, "r-xp", 0, "[vdso]", 1 * PAGE);
	want[TARE_BYTES_MALLOC] = (90 + 30 + 40) * PAGE;
	want[TARE_BYTES_STACKS] = (7 + 3) * PAGE;
	want[TARE_BYTES_CODE] += 5 * PAGE;
	want[TARE_BYTES_FILES] = 6 * PAGE;
	want[TARE_BYTES_SHARED] = 9 * PAGE;
	want[TARE_BYTES_ANONYMOUS] = 10 * PAGE;
	want[TARE_BYTES_KERNEL] = PAGE;
	assert_int_equal(classify(NULL, got), 0);
	are(got, want);
	assert_int_equal(sum(got), fake.rss);
}

/* malloc's large blocks have a mapping each, side by side; what the program mapped itself may be beside them. */
static void large_blocks(void **unused)
{
	uint64_t got[TARE_NR_BYTES], want[TARE_NR_BYTES] = { 0 };
	const uint64_t at = 0x7f0000100000;

	begin();
	map(at, 300 * PAGE, "rw-p", 0, "", 300 * PAGE);
	chunk(at, 0, 100 * PAGE | 2);
	chunk(at + 100 * PAGE, 0, 50 * PAGE | 2);
	map(0x7f0001000000, 64 * PAGE, "rw-p", 0, "", 10 * PAGE);
	chunk(0x7f0001000000, 0, 64 * PAGE | 2);
	/* too large for its mapping, and not resident: that one is not even looked at */
	map(0x7f0002000000, 8 * PAGE, "rw-p", 0, "", PAGE);
	chunk(0x7f0002000000, 0, 9 * PAGE | 2);
	map_of(0x7f0003000000, 8 * PAGE, "rw-p", 0, "", 0, PAGE);
	assert_int_equal(classify(NULL, got), 0);
	want[TARE_BYTES_MALLOC] = (150 + 10) * PAGE;
	want[TARE_BYTES_ANONYMOUS] = (150 + 1 + 1) * PAGE;
	are(got, want);
	assert_int_equal(fake.peeks, 5);
	/* a reader without the right to see the pages */
	begin();
	fake.no_pagemap = true;
	map(at, 4 * PAGE, "rw-p", 0, "", 4 * PAGE);
	assert_int_equal(classify(NULL, got), 0);
	assert_true(got[TARE_BYTES_ANONYMOUS] == 4 * PAGE && !fake.peeks);
}

/* ---- a runtime's heap ---- */

static struct runtime_memory heap_at(uint64_t start, uint64_t bytes)
{
	struct runtime_memory m = { 0 };

	assert_int_equal(runtime_memory__add_heap(&m, start, start + bytes), 0);
	return m;
}

static void span(struct runtime_memory *m, uint64_t start, uint64_t bytes, enum runtime_span_kind kind, uint64_t used,
		 enum runtime_span_age age)
{
	struct runtime_span s = { start, start + bytes, used, kind, age };

	assert_int_equal(runtime_memory__add_span(m, &s), 0);
}

static void heap(void **unused)
{
	const uint64_t at = 0xc000000000, own = 0x7f0000000000;
	uint64_t got[TARE_NR_BYTES], want[TARE_NR_BYTES] = { 0 };
	struct runtime_memory m = heap_at(at, 4 * MIB);

	begin();
	add_program(want);
	/* two mappings of one heap, for 3 and 1 MiB, of which 2 MiB and all are there */
	map(at, 3 * MIB, "rw-p", 0, "", 2 * MIB);
	map(at + 3 * MIB, MIB, "rw-p", 0, "", MIB);
	map(at + 4 * MIB, 60 * MIB, "---p", 0, "", 0);
	/* alone with its runtime: what looks like glibc's is its own, up to what it says that it has */
	map(own - PAGE, PAGE, "---p", 0, "", 0);
	map(own, 64 * MIB, "rw-p", 0, "", 8 * PAGE);
	map(0x7f1000000000, MIB, "rw-p", 0, "", 3 * PAGE);
	m.own_bytes = 10 * PAGE;
	/* given in no order; the second reaches beyond what is resident */
	span(&m, at + MIB, 8192, RUNTIME_SPAN_OWN, 0, 0);
	span(&m, at + MIB + 512 * 1024, MIB, RUNTIME_SPAN_OBJECTS, MIB, RUNTIME_AGE_FRESH);
	span(&m, at, 8192, RUNTIME_SPAN_OBJECTS, 5000, 0);
	span(&m, at + 8192, 16384, RUNTIME_SPAN_OBJECTS, 16384, RUNTIME_AGE_LIVE);
	span(&m, at + 65536, 32768, RUNTIME_SPAN_STACK, 0, 0);
	/* over the border of two mappings, of which the second part is there */
	span(&m, at + 3 * MIB - 8192, 16384, RUNTIME_SPAN_OBJECTS, 16384, RUNTIME_AGE_LIVE);
	m.live = 16384 + 16384 + 3000;
	m.fresh = MIB + 1500;
	m.dead = 500;
	assert_int_equal(classify(&m, got), 0);
	want[TARE_BYTES_HEAP_LIVE] = 16384 + 8192 + 3000;
	want[TARE_BYTES_HEAP_NEW] = 512 * 1024 + 1500;
	want[TARE_BYTES_HEAP_DEAD] = 500;
	want[TARE_BYTES_HEAP_UNUSED] = 8192 - 5000;
	want[TARE_BYTES_GREEN_STACKS] = 32768;
	want[TARE_BYTES_RUNTIME] = 8192 + 10 * PAGE;
	want[TARE_BYTES_ANONYMOUS] = PAGE;
	want[TARE_BYTES_HEAP_FREE] = 3 * MIB - (8192 + 16384 + 32768 + 8192 + 512 * 1024 + 8192);
	are(got, want);
	assert_int_equal(sum(got), fake.rss);
	runtime_memory__free(&m);
}

/* Pages of zeros are in the pagemap, and not in VmRSS; what came while it was read is in VmRSS alone. */
static void differs(void **unused)
{
	uint64_t got[TARE_NR_BYTES];
	struct runtime_memory m = heap_at(0xc000000000, MIB);

	m.live = 1;
	span(&m, 0xc000000000, 64 * PAGE, RUNTIME_SPAN_OBJECTS, 64 * PAGE, 0);
	begin();
	map_of(0xc000000000, MIB, "rw-p", 0, "", 100 * PAGE, 60 * PAGE);
	assert_int_equal(classify(&m, got), 0);
	assert_true(sum(got) == fake.rss && got[TARE_BYTES_HEAP_LIVE] == 24 * PAGE &&
		    got[TARE_BYTES_HEAP_FREE] == 36 * PAGE);
	begin();
	map_of(0xc000000000, MIB, "rw-p", 0, "", 64 * PAGE, 70 * PAGE);
	assert_int_equal(classify(&m, got), 0);
	assert_true(sum(got) == 64 * PAGE && got[TARE_BYTES_HEAP_LIVE] == 64 * PAGE);
	begin();
	fake.no_pagemap = true;
	map(0xc000000000, MIB, "rw-p", 0, "", 70 * PAGE);
	assert_int_equal(classify(&m, got), -EPERM);
	runtime_memory__free(&m);
}

/* With libraries there may be glibc's memory too: what is the runtime's is told by addresses of its own. */
static void with_libraries(void **unused)
{
	uint64_t got[TARE_NR_BYTES], want[TARE_NR_BYTES] = { 0 };
	struct runtime_memory m = heap_at(0xc000000000, MIB);
	const uint64_t own = 0x7f0000400000, stack = 0x7f1000001000;

	m.own_bytes = MIB;
	runtime_memory__add_place(&m, own + 5000, 8);
	runtime_memory__add_place(&m, 0, 8);
	begin();
	add_program(want);
	map(own, MIB, "rw-p", 0, "", 4 * PAGE);
	map(stack - PAGE, PAGE, "---p", 0, "", 0);
	map(stack, 8 * MIB, "rw-p", 0, "", 7 * PAGE);
	map(0x7f2000000000, 4 * PAGE, "r-xp", 22, "/lib/libc.so.6", 2 * PAGE);
	map(0x7f3000100000, 4 * PAGE, "rw-p", 0, "", 2 * PAGE);
	assert_int_equal(classify(&m, got), 0);
	want[TARE_BYTES_RUNTIME] = 4 * PAGE;
	want[TARE_BYTES_STACKS] = 7 * PAGE;
	want[TARE_BYTES_CODE] += 2 * PAGE;
	want[TARE_BYTES_ANONYMOUS] = 2 * PAGE;
	are(got, want);
	runtime_memory__free(&m);
}

static void no_text(void **unused)
{
	static const char *const texts[] = {
		"",
		"\n",
		"Rss: 5 kB\n",
		"nonsense\n400000-\n400000-300000 r--p 0 0:0 0\nRss: 4 kB\n",
		"400000-500000 r\nRss:\n",
		"400000-500000 r--p 00000000 00:00 0",
		"Rss: 99999999999999999999999 kB\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		uint64_t got[TARE_NR_BYTES];

		begin();
		fputs(texts[i], fake.smaps);
		assert_int_equal(classify(NULL, got), 0);
		assert_int_equal(sum(got), 0);
	}
}

/* ---- several readings ---- */

static void reading(struct model_bytes *b, uint64_t ts_ns, uint32_t pid, uint64_t rss, uint64_t explained)
{
	struct event ev = { .kind = EVENT_BYTES, .bytes = { .ts_ns = ts_ns, .pid = pid, .rss = rss } };

	ev.bytes.classes[TARE_BYTES_MALLOC] = explained;
	assert_int_equal(model_bytes__event(b, &ev), 0);
}

static void readings(void **unused)
{
	struct model_bytes b;

	model_bytes__init(&b, NULL);
	reading(&b, 1, 10, 100, 90);
	reading(&b, 2, 20, 50, 60);
	assert_true(b.last.rss == 150 && b.peak.rss == 150 && bytes__unexplained(&b.last) == 0);
	reading(&b, 3, 10, 300, 290);
	reading(&b, 4, 20, 60, 70);
	assert_true(b.peak.rss == 360 && b.peak.ts_ns == 4);
	reading(&b, 5, 10, 20, 15);
	assert_true(b.last.rss == 80 && bytes__unexplained(&b.last) == -5 && b.peak.rss == 360);
	model_bytes__exit(&b, 20, 6);
	model_bytes__exit(&b, 20, 6);
	model_bytes__exit(&b, 99, 6);
	assert_true(b.last.rss == 20 && b.last.classes[TARE_BYTES_MALLOC] == 15);
	/* after the last of them there is what it had */
	model_bytes__exit(&b, 10, 7);
	assert_true(b.last.rss == 20 && b.now.rss == 0 && b.nr == 2 && b.readings == 5);
	assert_true(b.processes[0].first.rss == 100 && b.processes[0].peak.rss == 300 && b.processes[0].last.rss == 20);
	model_bytes__free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(native),   cmocka_unit_test(large_blocks),   cmocka_unit_test(heap),
		cmocka_unit_test(differs),  cmocka_unit_test(with_libraries), cmocka_unit_test(no_text),
		cmocka_unit_test(readings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
