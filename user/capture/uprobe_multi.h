/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many uprobes in one link (Linux 6.6): attached and detached at once, where detaching each by itself takes the kernel
 * some 100 ms. Newer than Debian 12's libbpf and headers, hence the raw system call.
 */
#ifndef TARE_UPROBE_MULTI_H
#define TARE_UPROBE_MULTI_H

#include <stdint.h>
#include <sys/types.h>

/* BPF_TRACE_UPROBE_MULTI, include/uapi/linux/bpf.h: the program's expected attach type */
#define TRACE_UPROBE_MULTI 48

struct uprobe_multi {
	uint32_t nr;
	const uint64_t *offsets;    /* in the file */
	const uint64_t *semaphores; /* offsets of USDT semaphores, 0 where there is none; or NULL */
	const uint64_t *cookies;    /* or NULL */
};

/*
 * Attach program @prog_fd to process @pid's use of the file @path. Returns a descriptor that holds the link, or a
 * negative errno.
 */
int uprobe_multi__attach(int prog_fd, const char *path, pid_t pid, const struct uprobe_multi *at);

#endif /* TARE_UPROBE_MULTI_H */
