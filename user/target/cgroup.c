// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "proc.h"

/* Where a controller is mounted. */
struct mount {
	bool v2;
	char root[1024]; /* the cgroup visible there */
	char at[1024];
};

/* Is @word in the comma-separated @list? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += len) {
		if ((p == list || p[-1] == ',') && (!p[len] || p[len] == ',' || p[len] == '\n'))
			return true;
	}
	return false;
}

/* Parse one line of /proc/self/mountinfo. Is it the controller's, and better than what was found so far? */
static bool mount__parse(struct mount *m, const char *controller, bool found, const char *line)
{
	char root[1024], at[1024], type[32], options[1024];
	const char *rest = strstr(line, " - ");
	bool v1;

	if (!rest || sscanf(line, "%*s %*s %*s %1023s %1023s", root, at) != 2 ||
	    sscanf(rest, " - %31s %*s %1023s", type, options) != 2)
		return false;
	v1 = !strcmp(type, "cgroup") && has_word(options, controller);
	/* if version 1 has the controller, version 2 does not */
	if (!v1 && (strcmp(type, "cgroup2") || found))
		return false;
	m->v2 = !v1;
	strcpy(m->root, root);
	strcpy(m->at, at);
	return true;
}

static int mount__find(struct mount *m, const char *controller)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool found = false;
	char *line = NULL;
	size_t room = 0;

	if (!f)
		return -errno;
	while (getline(&line, &room, f) > 0)
		found |= mount__parse(m, controller, found, line);
	free(line);
	fclose(f);
	return found ? 0 : -ENOENT;
}

/* The path in /proc/PID/cgroup: lines of "number:controllers:path". */
static int path_of(pid_t pid, const char *controller, bool v2, char *path, size_t size)
{
	char buf[16384], *line, *next;
	ssize_t n = proc__read(pid, "cgroup", buf, sizeof(buf));

	if (n < 0)
		return n;
	for (line = buf; *line; line = next) {
		char *controllers = strchr(line, ':'), *at = controllers ? strchr(controllers + 1, ':') : NULL;
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		line[len] = '\0';
		if (!at || at > line + len)
			continue;
		*at++ = '\0';
		if (v2 ? controllers[1] != '\0' : !has_word(controllers + 1, controller))
			continue;
		/* outside what is visible from here */
		if (strstr(at, "/..") || strlen(at) >= size)
			return -ENOENT;
		strcpy(path, at);
		return 0;
	}
	return -ENOENT;
}

int cgroup__path(pid_t pid, char *path, size_t size)
{
	int ret = path_of(pid, "", true, path, size);

	return !ret && strcmp(path, "/") ? 0 : path_of(pid, "cpu", false, path, size) ? ret : 0;
}

static int read_text(const struct mount *m, const char *path, const char *name, char *buf, size_t size)
{
	char full[2200];
	FILE *f;
	size_t n;

	if (snprintf(full, sizeof(full), "%s%s/%s", m->at, path, name) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	f = fopen(full, "re");
	if (!f)
		return -errno;
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
	return 0;
}

/* In us. False: no quota. */
static bool quota_at(const struct mount *m, const char *path, uint64_t *quota, uint64_t *period)
{
	char text[64], more[64];
	int64_t v;

	if (m->v2)
		return !read_text(m, path, "cpu.max", text, sizeof(text)) &&
		       sscanf(text, "%" SCNu64 " %" SCNu64, quota, period) == 2 && *period;
	if (read_text(m, path, "cpu.cfs_quota_us", text, sizeof(text)) ||
	    read_text(m, path, "cpu.cfs_period_us", more, sizeof(more)))
		return false;
	v = strtoll(text, NULL, 10);
	*quota = v;
	*period = strtoull(more, NULL, 10);
	return v > 0 && *period;
}

bool cgroup__is_other(pid_t pid, pid_t tid)
{
	char a[4096], b[4096];

	return proc__read(pid, "cgroup", a, sizeof(a)) > 0 && proc__read(tid, "cgroup", b, sizeof(b)) > 0 &&
	       strcmp(a, b);
}

/*
 * The folder of @pid's cgroup below @m, which is looked up once. Returns where it begins in @path, or NULL with *@err.
 */
static char *place(struct mount *m, const char *controller, pid_t pid, char *path, size_t size, int *err)
{
	size_t len;

	*err = m->at[0] ? 0 : mount__find(m, controller);
	if (!*err)
		*err = path_of(pid, controller, m->v2, path, size);
	if (*err)
		return NULL;
	len = strlen(m->root);
	if (!strcmp(m->root, "/"))
		return path;
	if (!strncmp(path, m->root, len))
		return path + len;
	*err = -ENOENT;
	return NULL;
}

/* Go to the parent cgroup. False: there is none. */
static bool climb(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !*path)
		return false;
	*slash = '\0';
	return true;
}

int cgroup__quota(pid_t pid, struct cgroup_quota *best)
{
	static struct mount m;
	bool found = false;
	char path[1024], *below;
	int ret;

	below = place(&m, "cpu", pid, path, sizeof(path), &ret);
	if (!below)
		return ret;
	do {
		uint64_t quota, period;

		if (quota_at(&m, below, &quota, &period) && quota < UINT64_MAX / 1000 && period < UINT64_MAX / 1000 &&
		    (!found || (double)quota / period < (double)best->quota_ns / best->period_ns)) {
			found = true;
			snprintf(best->path, sizeof(best->path), "%s", below);
			best->quota_ns = quota * 1000;
			best->period_ns = period * 1000;
		}
	} while (climb(below));
	return found ? 0 : -ENOENT;
}

/* ---- memory ---- */

static bool number_in(const struct mount *m, const char *path, const char *name, uint64_t *value)
{
	char text[64];

	return !read_text(m, path, name, text, sizeof(text)) && sscanf(text, "%" SCNu64, value) == 1;
}

/* Cached files, which the kernel reclaims before it kills a process. Dirty pages cannot be reclaimed. */
static uint64_t reclaimable(const struct mount *m, const char *path)
{
	static const char *const names[2][2] = { { "\ntotal_inactive_file ", "\ntotal_active_file " },
						 { "\ninactive_file ", "\nactive_file " } };
	uint64_t sum = 0, n;
	char text[16384];

	if (read_text(m, path, "memory.stat", text, sizeof(text)))
		return 0;
	for (int i = 0; i < 2; i++) {
		const char *at = strstr(text, names[m->v2][i]);

		if (at && sscanf(strchr(at, ' '), "%" SCNu64, &n) == 1)
			sum += n;
	}
	return sum;
}

int cgroup__memory(pid_t pid, struct cgroup_memory *least)
{
	static struct mount m;
	bool found = false;
	char path[1024], *below;
	int ret;

	below = place(&m, "memory", pid, path, sizeof(path), &ret);
	if (!below)
		return ret;
	do {
		uint64_t limit, usage, room;

		if (!number_in(&m, below, m.v2 ? "memory.max" : "memory.limit_in_bytes", &limit) ||
		    !number_in(&m, below, m.v2 ? "memory.current" : "memory.usage_in_bytes", &usage))
			continue;
		usage -= reclaimable(&m, below) < usage ? reclaimable(&m, below) : usage;
		room = usage < limit ? limit - usage : 0;
		if (found && room >= least->room_bytes)
			continue;
		found = true;
		snprintf(least->path, sizeof(least->path), "%s", below);
		least->limit_bytes = limit;
		least->room_bytes = room;
	} while (climb(below));
	return found ? 0 : -ENOENT;
}
