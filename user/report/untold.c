// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "untold.h"
#include "util.h"

/* Number @at and those after it: the next one's place behind it, its line in @line. 0: no more. */
static unsigned next(const struct model *m, unsigned at, char *line, size_t size)
{
	const size_t len = strlen(TARE_INFO_UNTOLD);
	char why[320];

	for (; at < m->nr_info; at++) {
		const char *value = m->info[at].value;

		if (strncmp(m->info[at].key, TARE_INFO_UNTOLD, len))
			continue;
		snprintf(line, size, "process %d: %s", atoi(m->info[at].key + len),
			 sanitize(value, strlen(value), why, sizeof(why)));
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
