// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "util.h"

/* "4711,4712", which is changed */
static int parse_pids(char *list, struct pids *pids)
{
	char *save, *end;

	for (char *s = strtok_r(list, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		long pid = strtol(s, &end, 10);

		if (*end || pid <= 0 || pid > INT32_MAX) {
			err("'%s' is no process id", s);
			return EXIT_USAGE;
		}
		if (pids__add(pids, pid) < 0)
			return EXIT_FAILED;
	}
	if (pids->nr)
		return EXIT_OK;
	err("-p takes process ids, separated by commas");
	return EXIT_USAGE;
}

int bad_value(const char *option, const char *value, const char *want)
{
	err("%s takes %s, not '%s'", option, want, value);
	return EXIT_USAGE;
}

static int parse_level(int *level)
{
	char *end;
	long n = optarg ? strtol(optarg, &end, 10) : 1; /* each higher one costs more than it gains */

	if (optarg && (*end || !*optarg || n < 1 || n > WRITER_MAX_LEVEL))
		return bad_value("--compress", optarg, "a level from 1 to 19");
	*level = n;
	return EXIT_OK;
}

int parse_session_option(int c, struct session_opts *o)
{
	switch (c) {
	case 'p':
		return parse_pids(optarg, &o->pids);
	case OPT_COMM:
		o->comm = optarg;
		return *optarg ? EXIT_OK : bad_value("--comm", optarg, "a name");
	case OPT_CGROUP:
		o->cgroup = optarg;
		return EXIT_OK;
	case OPT_FOLLOW:
		o->follow = true;
		return EXIT_OK;
	case OPT_RING:
		if (parse_size(optarg, &o->ring_bytes) || o->ring_bytes < 4096 || o->ring_bytes > 1ull << 30 ||
		    (o->ring_bytes & (o->ring_bytes - 1)))
			return bad_value("--ring-size", optarg, "a power of two from 4K to 1G");
		return EXIT_OK;
	case 'z':
		return parse_level(&o->compress);
	case OPT_NO_COMPRESS:
		o->compress = 0;
		return EXIT_OK;
	case OPT_MEMORY:
		if (parse_size(optarg, &o->memory_bytes) || o->memory_bytes < 1ull << 20 ||
		    o->memory_bytes > 64ull << 30)
			return bad_value("--memory", optarg, "a size from 1M to 64G");
		return EXIT_OK;
	case OPT_FLIGHT:
		if (parse_duration(optarg, &o->flight_ns) || o->flight_ns < NSEC_PER_SEC)
			return bad_value("--flight", optarg, "a time of a second or more, like 10s");
		return EXIT_OK;
	}
	return -1;
}

int session_exit_code(int error)
{
	return !error ? EXIT_OK : error == -ESRCH ? EXIT_NO_TARGET : error == -EPERM ? EXIT_MISSING : EXIT_FAILED;
}
