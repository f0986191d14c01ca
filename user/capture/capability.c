// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capability.h"
#include "pid_ns.h"
#include "proc.h"

/* PROC_USER_INIT_INO, PROC_PID_INIT_INO, include/linux/proc_ns.h */
#define INITIAL_USER_NS_INO 0xEFFFFFFDu
#define INITIAL_PID_NS_INO  0xEFFFFFFCu

int capability__effective(uint64_t *caps)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &head, data))
		return -errno;
	*caps = data[0].effective | (uint64_t)data[1].effective << 32;
	return 0;
}

bool capability__in_user_namespace(void)
{
	struct stat st;

	return !stat("/proc/self/ns/user", &st) && st.st_ino != INITIAL_USER_NS_INO;
}

bool capability__in_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) || st.st_ino != INITIAL_PID_NS_INO;
}

bool capability__has(int cap)
{
	uint64_t caps = 0;

	return !capability__effective(&caps) && caps >> cap & 1 && !capability__in_user_namespace();
}

/* The permission is checked before the address (mm/process_vm_access.c), and this address is never mapped. */
static bool is_memory_barred(pid_t pid)
{
	char byte;

	return proc__peek(pid, 0, &byte, 1) == -EPERM && !capability__has(CAP_SYS_PTRACE);
}

static bool is_program_barred(pid_t pid)
{
	char exe[64];
	int fd;

	snprintf(exe, sizeof(exe), "/proc/%d/exe", pid_ns__here(pid));
	fd = open(exe, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EACCES && !capability__has(CAP_DAC_READ_SEARCH);
}

bool capability__bars(pid_t pid, char *why, size_t size)
{
	pid = proc__living(pid);
	if (is_memory_barred(pid))
		snprintf(why, size, "its memory may not be read without CAP_SYS_PTRACE");
	else if (is_program_barred(pid))
		snprintf(why, size, "the file of its program may not be read without CAP_DAC_READ_SEARCH");
	else
		return false;
	return true;
}
