// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "untold.h"
#include "util.h"

/* Find the next line at or after number @at: fills @line, returns where to continue. 0: no more. */
static unsigned next(const struct model *m, unsigned at, char *line, size_t size)
{
	const size_t len = strlen(TARE_INFO_UNTOLD);
	char why[320];

	for (; at < m->nr_info; at++) {
		const char *key = m->info[at].key, *value = m->info[at].value;
		bool untold = !strncmp(key, TARE_INFO_UNTOLD, len);

		if (!untold && strncmp(key, TARE_INFO_LATE, strlen(TARE_INFO_LATE)))
			continue;
		sanitize(value, strlen(value), why, sizeof(why));
		if (untold)
			snprintf(line, size, "process %d: %s", atoi(key + len), why);
		else
			snprintf(line, size, "%s", why);
		return at + 1;
	}
	return 0;
}

void untold__print(const struct model *m, FILE *to)
{
	char line[352];

	for (unsigned at = next(m, 0, line, sizeof(line)); at; at = next(m, at, line, sizeof(line)))
		fprintf(to, "! %s\n", line);
}

void untold__add_notes(const struct model *m, json_t *notes)
{
	char line[352];

	for (unsigned at = next(m, 0, line, sizeof(line)); at; at = next(m, at, line, sizeof(line)))
		json_array_append_new(notes, json_string(line));
}
