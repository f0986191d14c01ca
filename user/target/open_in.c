// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "open_in.h"
#include "pid_ns.h"
#include "proc.h"

/* O_NONBLOCK: a FIFO or device put in the way must not hang the recorder */
#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Only to look at what it is: opening some devices does something. Returns 0 or a negative errno. */
static int check(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static int reopen(int at)
{
	char path[48];
	int fd = check(at);

	if (!fd) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", at);
		fd = open(path, FLAGS);
		fd = fd < 0 ? -errno : fd;
	}
	close(at);
	return fd;
}

int open_in_root_of(pid_t pid, const char *path, bool follow)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW),
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	char root[48];
	int dir, at, error;

	snprintf(root, sizeof(root), "/proc/%d/root", pid_ns__here(proc__living(pid)));
	dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	at = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	error = errno;
	close(dir);
	return at < 0 ? -error : reopen(at);
}

int open_regular(const char *path)
{
	int at = open(path, O_PATH | O_CLOEXEC);

	return at < 0 ? -errno : reopen(at);
}
