// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "util.h"

int parse_pids(char *list, struct pids *pids)
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

int session_exit_code(int error)
{
	return !error ? EXIT_OK : error == -ESRCH ? EXIT_NO_TARGET : error == -EPERM ? EXIT_MISSING : EXIT_FAILED;
}
