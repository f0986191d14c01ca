// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "export_formats.h"
#include "util.h"

#define LIST(name) &exporter_##name,
static const struct exporter *const formats[] = { EXPORTERS(LIST) };
#undef LIST

#define GZIP ".gz"

/* "perfetto, chrome, ..."; with @endings instead those ".pftrace (perfetto), ..." */
static const char *names(bool endings, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(formats) && len < size; i++) {
		const char *comma = len ? ", " : "";

		if (!endings)
			len += snprintf(buf + len, size - len, "%s%s", comma, formats[i]->name);
		else if (formats[i]->endings)
			len += snprintf(buf + len, size - len, "%s%s (%s)", comma, formats[i]->endings,
					formats[i]->name);
	}
	return buf;
}

const struct exporter *export_formats__find(const char *name)
{
	char buf[256];

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	err("no format '%s'; there are: %s", name, names(false, buf, sizeof(buf)));
	return NULL;
}

static bool ends_in(const char *name, size_t len, const char *ending, size_t ending_len)
{
	return len >= ending_len && !memcmp(name + len - ending_len, ending, ending_len);
}

/* Does one of @endings fit @name, the first @len bytes of it? One without a dot in front is a whole name. */
static bool fits(const char *name, size_t len, const char *endings)
{
	size_t n;

	for (const char *at = endings; at && *at; at += n) {
		at += strspn(at, " ");
		n = strcspn(at, " ");
		if (ends_in(name, len, at, n) && (at[0] == '.' ? len > n : len == n))
			return true;
	}
	return false;
}

const struct exporter *export_formats__by_ending(const char *out)
{
	const char *slash = strrchr(out, '/'), *name = slash ? slash + 1 : out;
	size_t len = strlen(name), bare = len;
	char buf[512];

	if (ends_in(name, len, GZIP, strlen(GZIP)))
		bare -= strlen(GZIP);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (fits(name, len, formats[i]->endings) || fits(name, bare, formats[i]->endings))
			return formats[i];
	if (!strcmp(out, "-"))
		err("which format? Give -f and one of: %s", names(false, buf, sizeof(buf)));
	else
		err("which format is %s to have? Give -f, or one of these endings: %s", out,
		    names(true, buf, sizeof(buf)));
	return NULL;
}

bool export_formats__compresses(const struct exporter *format, const char *out)
{
	return !format->compressed && ends_in(out, strlen(out), GZIP, strlen(GZIP));
}

void export_formats__list(FILE *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		fprintf(to, "  %-13s  %s%s%s\n", formats[i]->name, formats[i]->what, formats[i]->endings ? ": " : "",
			formats[i]->endings ?: "");
}
