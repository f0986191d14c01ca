// SPDX-License-Identifier: BSD-2-Clause
/*
 * A text file:
 *
 *	tare calibration 1
 *	boot_id 5d8b...
 *	kernel 6.18.1 #1 SMP ...
 *	measured 1764600000
 *	tracepoint 41.30 22.10		for each way: its name, .hit_ns, .told_ns
 *
 * It is the recorder's own: in a folder that nobody else may write to, or it is not heeded.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "calibration_file.h"
#include "util.h"

#define FIRST_LINE "tare calibration 1"

const char *calibration__path(char *path, int size)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (!dir || dir[0] != '/')
		dir = "/run";
	return snprintf(path, size, "%s/tare/calibration", dir) < size ? path : NULL;
}

/* The lines that must be the same for the figures to hold. */
static int describe_boot(char *text, size_t size)
{
	char id[64] = "";
	struct utsname uts;
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	bool ok = f && fgets(id, sizeof(id), f);

	if (f)
		fclose(f);
	if (!ok || uname(&uts))
		return -ENODATA;
	id[strcspn(id, "\n")] = 0;
	snprintf(text, size, FIRST_LINE "\nboot_id %s\nkernel %s %s\n", id, uts.release, uts.version);
	return 0;
}

/* Its text, ended by NUL. Returns 0 or a negative errno. */
static int read_own(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022))
		n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return -EPERM;
	text[n] = 0;
	return 0;
}

static bool plausible(double ns)
{
	return isfinite(ns) && ns >= 0 && ns < 1e9;
}

static void read_way(struct calibration *c, const char *line)
{
	struct calibrated got = { .known = true };
	char name[32];

	if (sscanf(line, "%31s %lf %lf", name, &got.hit_ns, &got.told_ns) != 3 || !plausible(got.hit_ns) ||
	    !plausible(got.told_ns))
		return;
	for (int i = 0; i < NR_ENTRIES; i++)
		if (!strcmp(name, calibration__name(i)))
			c->of[i] = got;
}

int calibration_file__read(struct calibration *c)
{
	char path[512], boot[640], text[4096], *line, *at;
	int ret = describe_boot(boot, sizeof(boot));

	if (!calibration__path(path, sizeof(path)))
		return -ENAMETOOLONG;
	ret = ret ?: read_own(path, text, sizeof(text));
	if (!ret && strncmp(text, boot, strlen(boot)))
		ret = -ESTALE;
	if (ret)
		return ret;
	at = text + strlen(boot);
	while ((line = strsep(&at, "\n")))
		if (sscanf(line, "measured %" SCNd64, &c->measured_s) != 1)
			read_way(c, line);
	c->cached = true;
	return 0;
}

static int write_to(const char *path, const char *boot, const struct calibration *c)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644), ret;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f) {
		ret = -errno;
		if (fd >= 0)
			close(fd);
		return ret;
	}
	fprintf(f, "%smeasured %" PRId64 "\n", boot, c->measured_s);
	for (int i = 0; i < NR_ENTRIES; i++)
		if (c->of[i].known)
			fprintf(f, "%s %.2f %.2f\n", calibration__name(i), c->of[i].hit_ns, c->of[i].told_ns);
	ret = ferror(f) ? -EIO : 0;
	return fclose(f) ? -errno : ret;
}

void calibration_file__write(const struct calibration *c)
{
	char path[512], draft[544], boot[640];
	int ret = describe_boot(boot, sizeof(boot));

	if (ret || !calibration__path(path, sizeof(path)))
		return;
	*strrchr(path, '/') = 0;
	if (mkdir(path, 0755) && errno != EEXIST)
		ret = -errno;
	path[strlen(path)] = '/';
	/* whole or not at all: another recorder may read it meanwhile */
	snprintf(draft, sizeof(draft), "%s.%d", path, getpid());
	ret = ret ?: write_to(draft, boot, c);
	if (!ret && rename(draft, path))
		ret = -errno;
	if (!ret)
		return;
	unlink(draft);
	info("%s cannot be written: %s; probes are calibrated again the next time", path, strerror(-ret));
}
