// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "format.h"
#include "json_lines_put.h"
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

void put(FILE *to, const char *key, uint64_t n)
{
	fprintf(to, ",\"%s\":%" PRIu64, key, n);
}

void put_known(FILE *to, const char *key, uint64_t n)
{
	if (n != TARE_UNKNOWN)
		put(to, key, n);
}

void put_hex(FILE *to, const char *key, uint64_t n)
{
	fprintf(to, ",\"%s\":\"0x%" PRIx64 "\"", key, n);
}

void put_bool(FILE *to, const char *key, bool is)
{
	fprintf(to, ",\"%s\":%s", key, is ? "true" : "false");
}

void put_addresses(FILE *to, const char *key, const void *at, unsigned nr)
{
	uint64_t address;

	fprintf(to, ",\"%s\":[", key);
	for (unsigned i = 0; i < nr; i++) {
		memcpy(&address, (const char *)at + i * sizeof(address), sizeof(address));
		fprintf(to, "%s\"%#" PRIx64 "\"", i ? "," : "", address);
	}
	fputc(']', to);
}

void put_stopped(FILE *to, uint32_t signal, const char cgroup[TARE_CGROUP_LEN])
{
	if (signal)
		put(to, "signal", signal);
	if (cgroup[0])
		put_text(to, "cgroup", cgroup, strnlen(cgroup, TARE_CGROUP_LEN));
}
