// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the runtime needs of the kernel to wait, and to give up.
 */
#include <linux/futex.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
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

void os__die(const char *fmt, ...)
{
	char text[512];
	va_list args;
	int n;

	/* one write(), and nothing of stdio: this may be a signal handler */
	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text) - 1, fmt, args);
	va_end(args);
	if (n > (int)sizeof(text) - 2)
		n = sizeof(text) - 2;
	text[n++] = '\n';
	if (write(STDERR_FILENO, "weft: ", 6) == 6 && write(STDERR_FILENO, text, n) == n)
		_exit(2);
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
