// SPDX-License-Identifier: BSD-2-Clause
/* What can be known without BPF: privileges, settings, what is mounted. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "capability.h"
#include "feature_trials.h"
#include "session.h"
#include "util.h"

int read_first_line(const char *path, char *buf, int size)
{
	int fd, n;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return strlen(buf);
}

static bool has_cap(uint64_t caps, int cap)
{
	return caps >> cap & 1;
}

static const struct {
	int cap;
	const char *name;
	bool needed; /* what is lost without the others is reported by other trials */
} wanted_caps[] = {
	{ CAP_BPF, "CAP_BPF", true },
	{ CAP_PERFMON, "CAP_PERFMON", true },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE", false },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", false },
	{ CAP_SYS_NICE, "CAP_SYS_NICE", false },
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN", false },
};

/* Returns how many there are. */
static size_t list_caps(uint64_t caps, bool held, char *buf, size_t size)
{
	size_t len = 0, nr = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(wanted_caps) && len < size; i++) {
		if (has_cap(caps, wanted_caps[i].cap) != held || (!held && !wanted_caps[i].needed))
			continue;
		len += snprintf(buf + len, size - len, "%s%s", nr ? " " : "", wanted_caps[i].name);
		nr++;
	}
	return nr;
}

void try_capabilities(const char *arg, struct feature_result *result)
{
	char have[128], lack[128];
	uint64_t caps;
	int err;

	err = capability__effective(&caps);
	if (err)
		return result__set(result, FEATURE_UNKNOWN, "capget: %s", strerror(-err));
	if (capability__in_user_namespace())
		return result__set(result, FEATURE_MISSING,
				   "in a user namespace: its capabilities do not count for BPF and perf events");
	if (has_cap(caps, CAP_SYS_ADMIN)) /* it covers both */
		caps |= 1ull << CAP_BPF | 1ull << CAP_PERFMON;
	list_caps(caps, true, have, sizeof(have));
	if (list_caps(caps, false, lack, sizeof(lack)))
		result__set(result, FEATURE_MISSING, "lacks %s%s%s", lack, have[0] ? "; has " : "", have);
	else
		result__set(result, FEATURE_WORKS, "has %s", have);
}

/* As the recorder does for itself; then restores the thread's own nice value. */
void try_priority(const char *arg, struct feature_result *result)
{
	int before = getpriority(PRIO_PROCESS, 0);

	if (setpriority(PRIO_PROCESS, 0, RECORDER_NICE))
		return result__failed(result, "setpriority", errno);
	setpriority(PRIO_PROCESS, 0, before);
	result__set(result, FEATURE_WORKS, "%s", "");
}

static bool is_user_process(const char *pid)
{
	char path[32], line[8];

	/* of the kernel's own threads, and of those that have ended */
	snprintf(path, sizeof(path), "/proc/%.16s/cmdline", pid);
	return read_first_line(path, line, sizeof(line)) > 0;
}

/* Look at every other process: security modules may hide one and show the next. */
void try_other_processes(const char *arg, struct feature_result *result)
{
	int barred = 0, total = 0, self = getpid();
	char why[96] = "", other[96];
	struct dirent *ent;
	DIR *dir;

	dir = opendir("/proc");
	if (!dir)
		return result__set(result, FEATURE_MISSING, "/proc: %s", strerror(errno));
	while ((ent = readdir(dir))) {
		if (atoi(ent->d_name) <= 0 || atoi(ent->d_name) == self || !is_user_process(ent->d_name))
			continue;
		total++;
		barred += capability__bars(atoi(ent->d_name), why[0] ? other : why, sizeof(why));
	}
	closedir(dir);
	if (!total)
		result__set(result, FEATURE_UNKNOWN, "there is no other process to look at");
	else if (barred)
		result__set(result, FEATURE_MISSING, "%d of %d may not be looked into; of one, %s", barred, total, why);
	else
		result__set(result, FEATURE_WORKS, "%s", "");
}

/* A mount of type @type with @option among its options, unless that is NULL. */
static bool find_mount(const char *type, const char *option, char *dir, size_t size)
{
	struct mntent ent;
	bool found = false;
	char buf[4096];
	FILE *f;

	f = setmntent("/proc/self/mounts", "re");
	if (!f)
		return false;
	while (!found && getmntent_r(f, &ent, buf, sizeof(buf))) {
		found = !strcmp(ent.mnt_type, type) && (!option || hasmntopt(&ent, option)) &&
			strlen(ent.mnt_dir) < size;
		if (found)
			strcpy(dir, ent.mnt_dir);
	}
	endmntent(f);
	return found;
}

void try_cgroup(const char *arg, struct feature_result *result)
{
	bool v1, v2;
	char dir[256];

	v2 = find_mount("cgroup2", NULL, dir, sizeof(dir));
	v1 = find_mount("cgroup", NULL, dir, sizeof(dir));
	if (!v1 && !v2)
		return result__set(result, FEATURE_MISSING, "no cgroup file system is mounted");
	result__set(result, FEATURE_WORKS, "%s", v1 && v2 ? "v1 and v2 mounted" : v1 ? "v1 mounted" : "v2 mounted");
}

static bool has_word(char *line, const char *word)
{
	char *save, *w;

	for (w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (!strcmp(w, word))
			return true;
	}
	return false;
}

void try_cgroup_cpu(const char *arg, struct feature_result *result)
{
	char dir[256], path[320], line[512];

	if (find_mount("cgroup", "cpu", dir, sizeof(dir)))
		return result__set(result, FEATURE_WORKS, "v1 at %s", dir);
	if (!find_mount("cgroup2", NULL, dir, sizeof(dir)))
		return result__set(result, FEATURE_MISSING, "no cgroup file system with the cpu controller is mounted");
	snprintf(path, sizeof(path), "%s/cgroup.controllers", dir);
	if (read_first_line(path, line, sizeof(line)) < 0)
		return result__set(result, FEATURE_UNKNOWN, "%s: %s", path, strerror(errno));
	if (!has_word(line, "cpu"))
		return result__set(result, FEATURE_MISSING, "%s does not name cpu", path);
	result__set(result, FEATURE_WORKS, "v2 at %s", dir);
}

void result__setting(struct feature_result *result, const char *name, int err)
{
	char path[128], value[32];
	int n;

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	n = read_first_line(path, value, sizeof(value));
	if (n == -ENOENT)
		result__set(result, FEATURE_WORKS, "this kernel has no such setting");
	else if (n < 0)
		result__set(result, FEATURE_UNKNOWN, "%s: %s", name, strerror(-n));
	else if (err == -EACCES || err == -EPERM)
		result__set(result, FEATURE_MISSING, "%s: bars this process, whose capabilities do not suffice", value);
	else
		result__set(result, FEATURE_WORKS, "%s: does not bar this process", value);
}

/* "none [integrity] confidentiality": the one in brackets is in force. */
void try_lockdown(const char *arg, struct feature_result *result)
{
	const char *path = "/sys/kernel/security/lockdown";
	char line[128], *mode, *end;
	struct statfs fs;
	int n;

	n = read_first_line(path, line, sizeof(line));
	if (n == -ENOENT && !statfs("/sys/kernel/security", &fs) && fs.f_type == SECURITYFS_MAGIC)
		return result__set(result, FEATURE_WORKS, "this kernel has no lockdown");
	if (n < 0)
		return result__set(result, FEATURE_UNKNOWN, "%s: %s%s", path, strerror(-n),
				   n == -ENOENT ? " (securityfs is not mounted)" : "");
	mode = strchr(line, '[');
	end = mode ? strchr(mode, ']') : NULL;
	if (!end)
		return result__set(result, FEATURE_UNKNOWN, "%s says \"%s\"", path, line);
	*end = '\0';
	mode++;
	if (!strcmp(mode, "confidentiality"))
		result__set(result, FEATURE_MISSING, "confidentiality: BPF may not read kernel memory");
	else
		result__set(result, FEATURE_WORKS, "%s%s", mode,
			    strcmp(mode, "integrity") ? "" : ": forbids only what tare never does");
}
