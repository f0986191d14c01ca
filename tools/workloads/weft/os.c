// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the runtime needs of the kernel to wait, and to give up.
 */
#include <linux/futex.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime.h"

#define LOCK_SPINS 40

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

int64_t os__now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* One write(), and nothing of stdio: this may be a signal handler */
static bool say(const char *fmt, va_list args)
{
	char text[512] = "weft: ";
	int n = strlen(text);

	n += vsnprintf(text + n, sizeof(text) - 1 - n, fmt, args);
	if (n > (int)sizeof(text) - 2)
		n = sizeof(text) - 2;
	text[n++] = '\n';
	return write(STDERR_FILENO, text, n) == n;
}

void os__say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)say(fmt, args);
	va_end(args);
}

void os__die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)say(fmt, args);
	va_end(args);
	_exit(2);
}

static void futex_wait(_Atomic int *word, int expected, const struct timespec *timeout)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout, NULL, 0);
}

static void futex_wake(_Atomic int *word, int n)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

void lock__acquire(struct lock *l)
{
	int v = 0;

	for (int i = 0; i < LOCK_SPINS; i++, v = 0) {
		if (atomic_compare_exchange_strong_explicit(&l->state, &v, 1, memory_order_acquire,
							    memory_order_relaxed))
			return;
		cpu_relax();
	}
	while (atomic_exchange_explicit(&l->state, 2, memory_order_acquire))
		futex_wait(&l->state, 2, NULL);
}

void lock__release(struct lock *l)
{
	if (atomic_exchange_explicit(&l->state, 0, memory_order_release) == 2)
		futex_wake(&l->state, 1);
}

void note__clear(struct note *n)
{
	atomic_store(&n->set, 0);
}

void note__wake(struct note *n)
{
	atomic_store(&n->set, 1);
	futex_wake(&n->set, INT_MAX);
}

bool note__sleep(struct note *n, int64_t timeout_ns)
{
	int64_t end_ns = timeout_ns < 0 ? 0 : os__now_ns() + timeout_ns;

	while (!get_acquire(&n->set)) {
		int64_t left_ns = timeout_ns < 0 ? 0 : end_ns - os__now_ns();
		struct timespec ts = { left_ns / 1000000000, left_ns % 1000000000 };

		if (timeout_ns >= 0 && left_ns <= 0)
			return false;
		futex_wait(&n->set, 0, timeout_ns < 0 ? NULL : &ts);
	}
	return true;
}
