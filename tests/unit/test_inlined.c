// SPDX-License-Identifier: BSD-2-Clause
/* Functions inlined at an address: as the recorder writes them, and as the analysis has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "symbol.h"
#include "symbol_bytes.h"

static struct programs programs;
static struct model_symbols symbols;

static int begin(void **unused)
{
	programs__init(&programs);
	model_symbols__init(&symbols, &programs);
	return 0;
}

static int end(void **unused)
{
	model_symbols__free(&symbols);
	programs__free(&programs);
	return 0;
}

static void say(uint32_t pid, uint64_t ip, const char *name, bool inlined)
{
	struct symbol_text text = {
		.name = name, .file = "/x.c", .line = strlen(name), .inlined = inlined, .cost = 5 << 16
	};
	unsigned char bytes[SYMBOL_BYTES_MAX];
	struct tare_symbol head;
	struct event ev = { .kind = EVENT_SYMBOL, .ts_ns = 100, .symbol = { .head = &head } };
	size_t more_at;

	assert_int_equal(symbol_bytes(bytes, pid, ip, &text) % 8, 0);
	memcpy(&head, bytes, sizeof(head));
	assert_true(symbol_is_sane(&head, head.size));
	assert_false(symbol_is_sane(&head, head.size - 1));
	ev.symbol.name = (char *)bytes + sizeof(head);
	ev.symbol.file = ev.symbol.name + head.name_len;
	more_at = (sizeof(head) + head.name_len + head.file_len + 7) & ~7ul;
	memcpy(&ev.symbol.more, bytes + more_at, sizeof(ev.symbol.more));
	ev.symbol.own_name = ev.symbol.own_file = "";
	assert_int_equal(model_symbols__event(&symbols, &ev), 0);
}

static void is(uint32_t pid, uint64_t ip, const char *want)
{
	char text[256] = "";

	for (const struct model_symbol *s = model_symbols__at(&symbols, pid, ip, 100); s; s = s->caller)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s:%u ", s->name, s->line);
	assert_string_equal(text, want);
}

static void in_their_order(void **unused)
{
	say(7, 0x1000, "inner", true);
	say(7, 0x1000, "middle", true);
	say(7, 0x1000, "out", false);
	say(7, 0x1004, "alone", false);
	say(0, 0xffffffff81000000, "vfs_read", false);
	is(7, 0x1000, "inner:5 middle:6 out:3 ");
	is(7, 0x1004, "alone:5 ");
	is(0, 0xffffffff81000000, "vfs_read:8 ");
	is(7, 0x1008, "");
}

/* Callers that never come, and those of nobody: in a file that is damaged. */
static void missing_ones(void **unused)
{
	int nr = 0;

	say(7, 0x1000, "inner", true);
	say(7, 0x1004, "another", true);
	say(8, 0x1004, "elsewhere", false);
	say(7, 0x1004, "late", false);
	is(7, 0x1000, "inner:5 ");
	is(8, 0x1004, "elsewhere:9 ");
	say(9, 0x1000, "inner", true);
	for (int i = 0; i < 100000; i++)
		say(9, 0x1000, "again", true);
	for (const struct model_symbol *s = model_symbols__at(&symbols, 9, 0x1000, 100); s; s = s->caller)
		nr++;
	assert_int_equal(nr, MODEL_MAX_INLINED);
}

/* Names that are too long are cut. */
static void long_names(void **unused)
{
	char *name = malloc(100000);

	memset(name, 'x', 99999);
	name[99999] = '\0';
	say(7, 0x1000, name, true);
	say(7, 0x1000, "out", false);
	assert_int_equal(strlen(model_symbols__at(&symbols, 7, 0x1000, 100)->name), SYMBOL_TEXT_MAX);
	assert_string_equal(model_symbols__at(&symbols, 7, 0x1000, 100)->caller->name, "out");
	free(name);
}

/* More than are kept: their callers are nobody's. */
static void too_many(void **unused)
{
	for (uint64_t i = 0; i <= MODEL_MAX_SYMBOLS; i++)
		say(7, 0x1000 + i, "f", false);
	say(7, 0x10, "inner", true);
	say(7, 0x10, "out", false);
	is(7, 0x10, "");
}

static void flags(void **unused)
{
	struct symbol_text text = { .name = "f", .file = "", .inlined = true };
	unsigned char bytes[SYMBOL_BYTES_MAX];
	struct tare_symbol_more more;

	symbol_bytes(bytes, 7, 0x1000, &text);
	symbol_add_flags(bytes, 5 << TARE_SYMBOL_COST_SHIFT);
	memcpy(&more, bytes + 32, sizeof(more));
	assert_int_equal(more.flags, TARE_SYMBOL_INLINED | 5 << TARE_SYMBOL_COST_SHIFT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_their_order, begin, end),
		cmocka_unit_test_setup_teardown(missing_ones, begin, end),
		cmocka_unit_test_setup_teardown(long_names, begin, end),
		cmocka_unit_test_setup_teardown(too_many, begin, end),
		cmocka_unit_test(flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
