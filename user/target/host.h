/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine is, for tools that read a recording elsewhere. */
#ifndef TARE_HOST_H
#define TARE_HOST_H

#include <stddef.h>

/* Where the kernel's code begins, in hexadecimal: `_text' in /proc/kallsyms. "" if it does not say. Returns @buf. */
const char *host__kernel_text(char *buf, size_t size);

/* The kernel's build id in hexadecimal, from /sys/kernel/notes. "" if there is none. Returns @buf. */
const char *host__kernel_build_id(char *buf, size_t size);

/* The CPU as perf identifies it on x86-64, "AuthenticAMD,25,1,1". "" elsewhere. Returns @buf. */
const char *host__cpu_id(char *buf, size_t size);

/* The first value of @field, "MemTotal", in @path, a file in /proc: without the unit kB. "" if none. Returns @buf. */
const char *host__field(const char *path, const char *field, char *buf, size_t size);

#endif /* TARE_HOST_H */
