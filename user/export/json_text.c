// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "json_text.h"
#include "util.h"

/* Any length, written in pieces. A character split by a piece's end goes into the next piece. */
void put_string(FILE *to, const char *s, size_t len)
{
	char safe[256];
	size_t n;

	fputc('"', to);
	for (len = strnlen(s, len); len; s += n, len -= n) {
		sanitize(s, len, safe, sizeof(safe));
		n = strlen(safe); /* as long as the input that it stands for */
		for (const char *c = safe; *c; c++)
			fprintf(to, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
	}
	fputc('"', to);
}

void put_text(FILE *to, const char *key, const char *s, size_t len)
{
	fprintf(to, ",\"%s\":", key);
	put_string(to, s, len);
}
