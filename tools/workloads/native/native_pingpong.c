// SPDX-License-Identifier: BSD-2-Clause
/*
 * pingpong: two threads. "yield": each gives way N times, on one CPU, as there is nobody to give way to otherwise.
 * "chan": a token goes to and fro N times through two channels of a mutex and a condition each. "futex": the same by a
 * word that the one writes and the other waits for, each on a CPU of its own if there are two.
 */
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "native.h"
#include "report.h"

struct chan {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool full;
	int64_t token;
};

static struct chan there = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 };
static struct chan back = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 };
static int64_t n;

static void send(struct chan *c, int64_t token)
{
	pthread_mutex_lock(&c->mutex);
	while (c->full)
		pthread_cond_wait(&c->changed, &c->mutex);
	c->full = true;
	c->token = token;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->mutex);
}

static int64_t receive(struct chan *c)
{
	int64_t token;

	pthread_mutex_lock(&c->mutex);
	while (!c->full)
		pthread_cond_wait(&c->changed, &c->mutex);
	c->full = false;
	token = c->token;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->mutex);
	return token;
}

static void yield_often(void *arg, int64_t index)
{
	for (int64_t i = 0; i < n; i++)
		sched_yield();
}

static void ping_or_pong(void *arg, int64_t index)
{
	for (int64_t i = 0; i < n; i++) {
		int64_t token = i;

		if (index)
			send(&back, token = receive(&there));
		else
			send(&there, i), token = receive(&back);
		if (token != i)
			scenario__die("pingpong: %lld came instead of %lld", (long long)token, (long long)i);
	}
}

/* ---- futex: the word says whose turn it is ---- */

static uint32_t turn;

static void hand_over(uint32_t to)
{
	__atomic_store_n(&turn, to, __ATOMIC_RELEASE);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void wait_for_turn(uint32_t mine)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != mine)
		if (syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0) && errno != EAGAIN &&
		    errno != EINTR)
			scenario__die("pingpong: futex: %s", strerror(errno));
}

static void take_turns(void *arg, int64_t index)
{
	native__run_on_cpu_of(index);
	for (int64_t i = 0; i < n; i++) {
		wait_for_turn(index);
		hand_over(!index);
	}
}

int run_pingpong(const struct options *options)
{
	static void (*const by_mode[])(void *arg, int64_t index) = { yield_often, ping_or_pong, take_turns };
	struct span span;
	int64_t voluntary[2], involuntary[2], switches;

	n = options->n;
	if (!options->mode)
		native__run_on_one_cpu();
	native__switches(&voluntary[0], &involuntary[0]);
	span.begin_ns = scenario__now_ns();
	program__parallel(2, by_mode[options->mode], NULL);
	span.end_ns = scenario__now_ns();
	native__switches(&voluntary[1], &involuntary[1]);
	/* a yield to another thread counts as involuntary or voluntary, depending on the kernel */
	switches = voluntary[1] - voluntary[0] + involuntary[1] - involuntary[0];
	return report__pingpong(options, switches, &span);
}
