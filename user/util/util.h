/* SPDX-License-Identifier: BSD-2-Clause */
/* Small things that every part uses: messages, exit codes, times and sizes as people write them. */
#ifndef TARE_UTIL_H
#define TARE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NSEC_PER_SEC  1000000000ull

/* The exit codes of every subcommand. */
enum tare_exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_MISSING = 3, /* a privilege, a kernel feature, or what the target would have to keep */
	EXIT_NO_TARGET = 4,
	EXIT_LIMIT = 5, /* crossed a limit given on the command line */
	/* `tare run`, as in shells; otherwise it ends with the command's own status */
	EXIT_CANNOT_RUN = 126,
	EXIT_NO_COMMAND = 127,
	EXIT_SIGNAL = 128, /* plus the number of the signal that killed the command */
};

extern bool verbose; /* -v: say more on standard error */

/* Each prints one line "tare: ..." on standard error and keeps errno. warn() and err() differ by a word. */
void err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void info(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* only with -v */

/*
 * The kernel's CLOCK_MONOTONIC, CLOCK_BOOTTIME and CLOCK_REALTIME in ns: now_ns() is the clock of bpf_ktime_get_ns(),
 * also in a time namespace once clock__set_offsets() has said how far ahead this process's own two clocks are.
 */
uint64_t now_ns(void);
uint64_t boot_now_ns(void);
uint64_t real_now_ns(void);
void clock__set_offsets(int64_t monotonic_ns, int64_t boottime_ns);

/* A deadline by this process's own CLOCK_MONOTONIC, for pthread_cond_timedwait(): not a time to record. */
struct timespec wait_until(uint64_t from_now_ns);

/* The CPU time that the calling thread has used, ns. */
uint64_t thread_cpu_ns(void);

/* Signals that do not end the program do not shorten it. */
void sleep_ns(uint64_t ns);

/* "10s", "500ms", "20us", "1.5" (seconds), "2m", "1h" to ns. Returns 0, or -EINVAL for anything else, zero and
 * overflow. */
int parse_duration(const char *s, uint64_t *ns);
/* The same, or 0: from some beginning on. */
int parse_offset(const char *s, uint64_t *ns);
/* "4096", "64K", "16M", "1G" to bytes. Returns 0 or -EINVAL. */
int parse_size(const char *s, uint64_t *bytes);

/*
 * A duration in at most 8 columns and three significant digits: "812 ns", "1.24 us", "33.0 ms", "12.1 s". Returns @buf.
 */
const char *fmt_ns(uint64_t ns, char buf[16]);
/* An amount of memory in at most 8 columns: "812 B", "1.24 KB", "33.0 MB". Returns @buf. */
const char *fmt_bytes(uint64_t n, char buf[16]);
/* Likewise "-1.5 MB", with @plus also "+1.5 MB". Returns @buf. */
const char *fmt_signed_bytes(int64_t n, bool plus, char buf[24]);
/* A count with thousands separators: "1,234,567". Returns @buf. */
const char *fmt_count(uint64_t n, char buf[32]);

/*
 * A memory cgroup and its limit: "cgroup app may have 33.6 MB". @cgroup is made safe to print; it may be cut. Returns
 * @buf.
 */
#define LIMIT_TEXT 200
const char *fmt_limit(const char *cgroup, uint64_t limit_bytes, char buf[LIMIT_TEXT]);

/*
 * Make @s, @len bytes from outside (a thread's name, a path), safe to print: control bytes and bytes that are not UTF-8
 * become '?'. Writes at most @size bytes with the terminating NUL. Returns @buf.
 */
const char *sanitize(const char *s, size_t len, char *buf, size_t size);

/* Write out what @to still holds. Errors of the last writes show only here. Returns 0 or a negative errno. */
int flush_all(FILE *to);

/* A system call's name on @arch (enum tare_arch; @compat: its 32-bit table), "syscall_N" if unknown. Returns @buf. */
const char *syscall_name(int arch, bool compat, int nr, char buf[64]);

#endif /* TARE_UTIL_H */
