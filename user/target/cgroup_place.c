// SPDX-License-Identifier: BSD-2-Clause
/* Where a cgroup is, or will be: by the kernel's own ids and not by path, since each mount has its own paths. */
#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup.h"

/* Are all words of the comma-separated @list in @options? */
static bool has_all(const char *list, const char *options)
{
	for (size_t len; *list; list += len + (list[len] == ',')) {
		bool found = false;

		len = strcspn(list, ",");
		for (const char *o = options; *o && !found; o += strcspn(o, ",\n"), o += *o == ',')
			found = strcspn(o, ",\n") == len && !strncmp(o, list, len);
		if (!found)
			return false;
	}
	return true;
}

/* The number in /proc/self/cgroup of the version 1 hierarchy mounted with @options, or -ENOENT. */
static int hierarchy_of(const char *options)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[1200], list[1024];
	int nr, found = -ENOENT;

	while (f && found < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "%d:%1023[^:]:", &nr, list) == 2 && has_all(list, options))
			found = nr;
	if (f)
		fclose(f);
	return found;
}

/* The hierarchy whose files are on device @dev: 0 for version 2; or -ENOENT. */
static int hierarchy_on(dev_t dev)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], type[32], options[1024];
	unsigned int major, minor;
	int found = -ENOENT;

	while (f && found < 0 && fgets(line, sizeof(line), f)) {
		const char *rest = strstr(line, " - ");

		if (!rest || sscanf(line, "%*s %*s %u:%u", &major, &minor) != 2 || makedev(major, minor) != dev ||
		    sscanf(rest, " - %31s %*s %1023s", type, options) != 2)
			continue;
		found = !strcmp(type, "cgroup2") ? 0 : !strcmp(type, "cgroup") ? hierarchy_of(options) : -ENOENT;
	}
	if (f)
		fclose(f);
	return found;
}

int cgroup__locate(const char *path, struct cgroup_place *place)
{
	char *real = realpath(path, NULL), *copy = strdup(real ?: path), *again = strdup(real ?: path), *above = NULL;
	struct stat at = { 0 }, up = { 0 };
	int ret = copy && again ? 0 : -ENOMEM;

	*place = (struct cgroup_place){ .exists = real };
	if (!ret) {
		above = realpath(dirname(copy), NULL);
		if (!above || stat(above, &up) || (real && stat(real, &at)))
			ret = -errno;
	}
	if (!ret) {
		place->hierarchy = hierarchy_on(real ? at.st_dev : up.st_dev);
		ret = place->hierarchy < 0 ? -ENOENT : 0;
	}
	/* a cgroup's id is its inode (fs/kernfs/mount.c); above the root of a hierarchy is another file system */
	if (!ret && (!real || at.st_dev == up.st_dev)) {
		place->above = up.st_ino;
		ret = snprintf(place->name, sizeof(place->name), "%s", basename(again)) < (int)sizeof(place->name) ?
			      0 :
			      -ENAMETOOLONG;
	}
	free(real);
	free(copy);
	free(again);
	free(above);
	return ret;
}
