// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "uprobe_multi.h"

/* The part of union bpf_attr that BPF_LINK_CREATE reads for it. */
struct attr {
	uint32_t prog_fd, target_fd, attach_type, flags;
	uint64_t path, offsets, ref_ctr_offsets, cookies;
	uint32_t cnt, uprobe_flags, pid, pad;
};

int uprobe_multi__attach(int prog_fd, const char *path, pid_t pid, const struct uprobe_multi *at)
{
	struct attr attr = {
		.prog_fd = prog_fd,
		.attach_type = TRACE_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)at->offsets,
		.ref_ctr_offsets = (uintptr_t)at->semaphores,
		.cookies = (uintptr_t)at->cookies,
		.cnt = at->nr,
		.pid = pid,
	};
	int fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return fd < 0 ? -errno : fd;
}
