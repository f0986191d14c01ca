// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format.h"
#include "util.h"

bool verbose;

static void message(const char *kind, const char *fmt, va_list ap)
{
	int saved = errno;

	flockfile(stderr);
	fprintf(stderr, "tare: %s", kind);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	funlockfile(stderr);
	errno = saved;
}

#define MESSAGE(name, kind, when)       \
	void name(const char *fmt, ...) \
	{                               \
		va_list ap;             \
		if (!(when))            \
			return;         \
		va_start(ap, fmt);      \
		message(kind, fmt, ap); \
		va_end(ap);             \
	}

MESSAGE(err, "", true)
MESSAGE(warn, "warning: ", true)
MESSAGE(info, "", verbose)

/* How far this process's clocks are ahead of the kernel's. Set before a second thread exists. */
static int64_t monotonic_ahead_ns, boottime_ahead_ns;

void clock__set_offsets(int64_t monotonic_ns, int64_t boottime_ns)
{
	monotonic_ahead_ns = monotonic_ns;
	boottime_ahead_ns = boottime_ns;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

uint64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC) - monotonic_ahead_ns;
}

uint64_t boot_now_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME) - boottime_ahead_ns;
}

uint64_t real_now_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

struct timespec wait_until(uint64_t from_now_ns)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + from_now_ns;

	return (struct timespec){ end / NSEC_PER_SEC, end % NSEC_PER_SEC };
}

struct unit {
	const char *suffix;
	double factor;
};

static int parse_scaled(const char *s, const struct unit *units, size_t nr, bool zero, uint64_t *out)
{
	char *end;
	double v;

	/* strtod() takes signs, blanks, "inf" and hex: none of them is a quantity here */
	if (*s < '0' || *s > '9' || s[1] == 'x' || s[1] == 'X')
		return -EINVAL;
	v = strtod(s, &end);
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(end, units[i].suffix))
			continue;
		v *= units[i].factor;
		if (!(v >= 1 || (zero && v == 0)) || v > 9e18)
			return -EINVAL;
		*out = (uint64_t)llround(v);
		return 0;
	}
	return -EINVAL;
}

void sleep_ns(uint64_t ns)
{
	struct timespec left = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static const struct unit times[] = {
	{ "", 1e9 }, { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "ns", 1 }, { "m", 60e9 }, { "h", 3600e9 },
};

int parse_duration(const char *s, uint64_t *ns)
{
	return parse_scaled(s, times, ARRAY_SIZE(times), false, ns);
}

int parse_offset(const char *s, uint64_t *ns)
{
	return parse_scaled(s, times, ARRAY_SIZE(times), true, ns);
}

int parse_size(const char *s, uint64_t *bytes)
{
	static const struct unit units[] = {
		{ "", 1 },	  { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
		{ "k", 1 << 10 }, { "m", 1 << 20 }, { "g", 1 << 30 },
	};

	return parse_scaled(s, units, ARRAY_SIZE(units), false, bytes);
}

int flush_all(FILE *to)
{
	errno = EIO; /* an earlier write may have failed, with an error that nobody kept */
	return fflush(to) || ferror(to) ? -errno : 0;
}

const char *fmt_ns(uint64_t ns, char buf[16])
{
	static const struct unit units[] = { { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	size_t i = 0;
	double v;

	if (ns < 1000) {
		snprintf(buf, 16, "%" PRIu64 " ns", ns);
		return buf;
	}
	/* 999.5 would print as 1000: it belongs to the next unit */
	while (i + 1 < ARRAY_SIZE(units) && ns / units[i].factor >= 999.5)
		i++;
	v = ns / units[i].factor;
	snprintf(buf, 16, "%.*f %s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, units[i].suffix);
	return buf;
}

const char *fmt_bytes(uint64_t n, char buf[16])
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "PB", "EB" };
	unsigned unit = 0;
	double v = n;

	while (v >= 999.5 && unit + 1 < ARRAY_SIZE(units)) {
		v /= 1000;
		unit++;
	}
	snprintf(buf, 16, "%.*f %s", !unit || v >= 99.95 ? 0 : v < 9.995 ? 2 : 1, v, units[unit]);
	return buf;
}

const char *fmt_signed_bytes(int64_t n, bool plus, char buf[24])
{
	char text[16];

	snprintf(buf, 24, "%s%s",
		 n < 0	   ? "-" :
		 n && plus ? "+" :
			     "",
		 fmt_bytes(n < 0 ? -(uint64_t)n : (uint64_t)n, text));
	return buf;
}

const char *fmt_count(uint64_t n, char buf[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n), o = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[o++] = ',';
		buf[o++] = digits[i];
	}
	buf[o] = '\0';
	return buf;
}

/* Length of the UTF-8 sequence at @s, 0 if it is invalid (overlong and surrogates too). */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t min;
	} forms[] = {
		{ 0x80, 0x00, 0x20 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};

	for (size_t n = 0; n < ARRAY_SIZE(forms); n++) {
		uint32_t cp = s[0] & (unsigned char)~forms[n].mask;

		if ((s[0] & forms[n].mask) != forms[n].lead || n >= left)
			continue;
		for (size_t i = 1; i <= n; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return 0;
			cp = cp << 6 | (s[i] & 0x3f);
		}
		/* C0 and C1 control characters reach a terminal too */
		if (cp < forms[n].min || cp == 0x7f || (cp >= 0x80 && cp < 0xa0) || cp > 0x10ffff ||
		    (cp >= 0xd800 && cp < 0xe000))
			return 0;
		return n + 1;
	}
	return 0;
}

const char *fmt_limit(const char *cgroup, uint64_t limit_bytes, char buf[LIMIT_TEXT])
{
	char name[160], bytes[16];

	snprintf(buf, LIMIT_TEXT, "cgroup %s may have %s", sanitize(cgroup, strlen(cgroup), name, sizeof(name)),
		 fmt_bytes(limit_bytes, bytes));
	return buf;
}

const char *sanitize(const char *s, size_t len, char *buf, size_t size)
{
	size_t o = 0;

	for (size_t i = 0; i < len && s[i];) {
		size_t n = utf8_len((const unsigned char *)s + i, len - i);

		if (o + (n ? n : 1) >= size)
			break;
		if (n)
			memcpy(buf + o, s + i, n);
		else
			buf[o] = '?';
		o += n ? n : 1;
		i += n ? n : 1;
	}
	if (size)
		buf[o] = '\0';
	return buf;
}

const char *syscall_name(int arch, bool compat, int nr, char buf[64])
{
	static const uint32_t arches[][2] = {
		[TARE_ARCH_X86_64] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86 },
		[TARE_ARCH_ARM64] = { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM },
	};
	char *name = NULL;

	if (arch == TARE_ARCH_X86_64 || arch == TARE_ARCH_ARM64)
		name = seccomp_syscall_resolve_num_arch(arches[arch][compat], nr);
	if (name)
		snprintf(buf, 64, "%s", name);
	else
		snprintf(buf, 64, "syscall_%d", nr);
	free(name);
	return buf;
}
