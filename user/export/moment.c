// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array.h"
#include "model.h"
#include "moment.h"
#include "util.h"

static uint64_t begin_of(const struct model *m)
{
	uint64_t ns = model__begin(m);

	return ns == UINT64_MAX ? 0 : ns;
}

/*
 * By the wall clock, in this machine's time zone; without a date, of the day on which @m begins, or of the next if it
 * goes on until then.
 */
static int parse_wall(const char *s, const struct model *m, uint64_t *ns)
{
	static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
					       "%Y-%m-%dT%H:%M",    "%H:%M:%S",		 "%H:%M" };
	int64_t offset = (int64_t)(m->header.real_ns - m->header.mono_ns);
	time_t seconds, begin = (time_t)((int64_t)begin_of(m) + offset) / (int64_t)NSEC_PER_SEC;
	const char *end = NULL;
	double fraction = 0;
	struct tm tm;
	int64_t real, next;
	int day;
	char *rest;

	for (size_t i = 0; i < ARRAY_SIZE(formats) && !end; i++) {
		localtime_r(&begin, &tm);
		tm.tm_sec = 0;
		end = strptime(s, formats[i], &tm);
		if (end && *end && *end != '.')
			end = NULL;
	}
	if (!end)
		return -EINVAL;
	if (*end == '.') {
		fraction = strtod(end, &rest);
		if (*rest || strspn(end + 1, "0123456789") != strlen(end + 1))
			return -EINVAL;
	}
	tm.tm_isdst = -1;
	day = tm.tm_mday;
	seconds = mktime(&tm);
	/* a month has no such day; ns count from 1970 to 2262 */
	if (tm.tm_mday != day || tm.tm_year < 70 || tm.tm_year > 350)
		return -EINVAL;
	real = (int64_t)seconds * (int64_t)NSEC_PER_SEC + (int64_t)(fraction * 1e9);
	next = real + 24ll * 3600 * (int64_t)NSEC_PER_SEC;
	if (!strchr(s, '-') && next - offset <= (int64_t)m->end_ns)
		real = next;
	*ns = real > offset ? real - offset : 0;
	return 0;
}

int moment__parse(const char *option, const char *s, const struct model *m, uint64_t *ns)
{
	uint64_t since;

	if (!parse_offset(s, &since)) {
		*ns = begin_of(m) + since;
		return 0;
	}
	if (!parse_wall(s, m, ns))
		return 0;
	err("export: %s takes seconds since the recording began (1.5, 500ms) or a time (14:30:05), not '%s'", option,
	    s);
	return -EINVAL;
}
