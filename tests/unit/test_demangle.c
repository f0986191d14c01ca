// SPDX-License-Identifier: BSD-2-Clause
/* Mangled names of C++ and both schemes of Rust, and such as are made to hang or overflow a reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "demangle.h"
#include "util.h"

static void known_names(void **unused)
{
	static const char *const names[][2] = {
		{ "_ZN7project6module8functionEi", "project::module::function" },
		{ "_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back" },
		{ "_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()" },
		{ "_Z3maxIdET_S0_S0_", "max<double>" },
		{ "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad" },
		{ "_ZN42_$LT$u8$u20$as$u20$core..fmt..LowerHex$GT$3fmt17h0123456789abcdefE",
		  "<u8 as core::fmt::LowerHex>::fmt" },
		{ "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar" },
		{ "main", "main" },
		{ "", "" },
		{ "_", "_" },
		{ "_Z", "_Z" },
		{ "_R", "_R" },
		{ "_Zebra", "_Zebra" },
		{ "_Read", "_Read" },
		{ "main._Zstuff", "main._Zstuff" },
	};
	char buf[256];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(demangle(names[i][0], buf, sizeof(buf)), names[i][1]);
}

static void room(void **unused)
{
	const char *symbol = "_ZN7project6module8functionEi";
	char buf[32];

	memset(buf, 'x', sizeof(buf));
	assert_string_equal(demangle(symbol, buf, 26), "project::module::function");
	assert_int_equal(buf[26], 'x');
	for (size_t size = 0; size < 26; size++) {
		memset(buf, 'x', sizeof(buf));
		assert_ptr_equal(demangle(symbol, buf, size), symbol);
		assert_int_equal(buf[size], 'x');
	}
}

/* Each argument is a pair of the one before: 2^n bytes, were they all written. */
static void of_exponential_length(void **unused)
{
	static char text[4096];
	char buf[1024], *p = text;

	p += sprintf(p, "_Z1f1a");
	p += sprintf(p, "St4pairIS_S_E");
	for (int i = 1; i < 100; i++)
		p += i == 1 ? sprintf(p, "St4pairIS1_S1_E") :
			      sprintf(p, "St4pairIS%c_S%c_E", "123456789A"[i % 10], "123456789A"[i % 10]);
	demangle(text, buf, sizeof(buf));
	p = text + sprintf(text, "_ZN1aIJ");
	for (int i = 0; i < 25; i++)
		p += sprintf(p, "1bI");
	demangle(text, buf, sizeof(buf));
	/* Rust: tuples of what stands before */
	p = text + sprintf(text, "_RIC1a");
	for (int i = 0; i < 60; i++)
		p += sprintf(p, "TB%d_B%d_E", i, i);
	sprintf(p, "E");
	demangle(text, buf, sizeof(buf));
}

/* Deep nesting of everything that nests. */
static void deep(void **unused)
{
	static const char *const steps[] = { "P", "F", "N", "I", "M", "1aI", "X", "Dp", "St4pairI", "A_", "K",	"T",
					     "Q", "S", "Y", "B", "R", "D",   "E", "L",	"sr",	    "cv", "Li", "B_" };
	static const char *const heads[] = { "_Z1f", "_ZN", "_R", "_RNv", "_RIC1a", "_ZTI", "_Z" };
	char buf[1024], *text = malloc(1 << 20);

	for (size_t h = 0; h < ARRAY_SIZE(heads); h++) {
		for (size_t s = 0; s < ARRAY_SIZE(steps); s++) {
			for (size_t nr = 1; nr <= 1 << 16; nr *= 4) {
				char *p = text + sprintf(text, "%s", heads[h]);

				for (size_t i = 0; i < nr; i++)
					p += sprintf(p, "%s", steps[s]);
				assert_non_null(demangle(text, buf, sizeof(buf)));
			}
		}
	}
	free(text);
}

/* Anything at all made of what means something. */
static void random_names(void **unused)
{
	static const char letters[] = "_ZRNICTSPEBFMXYLKDJQUWabcdefghijklmnopqrstuvwxyz0123456789$.";
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		char name[256] = "_Z", buf[512];
		size_t len = 2 + rand_r(&seed) % 200;

		name[1] = rand_r(&seed) % 2 ? 'Z' : 'R';
		for (size_t i = 2; i < len; i++)
			name[i] = letters[rand_r(&seed) % (sizeof(letters) - 1)];
		assert_non_null(demangle(name, buf, sizeof(buf)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_names), cmocka_unit_test(room),	       cmocka_unit_test(of_exponential_length),
		cmocka_unit_test(deep),	       cmocka_unit_test(random_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
