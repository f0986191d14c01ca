// SPDX-License-Identifier: BSD-2-Clause
/*
 * libiberty's parsers keep what they read on the stack, in proportion to the name, and limit how deep they go. But a
 * short name can stand for an endless one, by referring to its own parts: the text is taken piece by piece, and the
 * rest is not waited for.
 */
#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

#include "demangle.h"

#define MAX_SYMBOL 2048 /* 64 bytes of stack each */

struct output {
	jmp_buf full;
	char *buf;
	size_t len, size;
};

static void on_text(const char *text, size_t len, void *ctx)
{
	struct output *out = ctx;

	/* neither parser has anything allocated meanwhile */
	if (len >= out->size - out->len)
		longjmp(out->full, 1);
	if (len)
		memcpy(out->buf + out->len, text, len);
	out->len += len;
}

const char *demangle(const char *symbol, char *buf, size_t size)
{
	struct output out = { .buf = buf, .size = size };
	/* a Rust name of the old scheme is a C++ one, too */
	int (*const parsers[])(const char *, int, demangle_callbackref, void *) = {
		rust_demangle_callback,
		cplus_demangle_v3_callback,
	};

	if (!size || (strncmp(symbol, "_Z", 2) && strncmp(symbol, "_R", 2)) ||
	    strnlen(symbol, MAX_SYMBOL) == MAX_SYMBOL)
		return symbol;
	for (volatile size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		out.len = 0;
		if (setjmp(out.full))
			return symbol;
		if (parsers[i](symbol, DMGL_NO_OPTS, on_text, &out) && out.len) {
			buf[out.len] = '\0';
			return buf;
		}
	}
	return symbol;
}
