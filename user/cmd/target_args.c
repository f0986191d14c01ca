// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target_args.h"
#include "util.h"

int target_args__pids(char *list, struct pids *pids)
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

int target_args__exit_code(int error)
{
	return !error ? EXIT_OK : error == -ESRCH ? EXIT_NO_TARGET : error == -EPERM ? EXIT_MISSING : EXIT_FAILED;
}
