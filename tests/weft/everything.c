// SPDX-License-Identifier: BSD-2-Clause
/*
 * Some of everything that the runtime tells of itself, in known numbers. Prints as one JSON line what the log must
 * hold, and as another the counters at the end.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "event.h"
#include "runtime.h"

#define SPAWNED	  2000
#define TURNS	  300 /* of a pair on a channel, of those at the mutex, of those that yield */
#define LOCKERS	  4
#define YIELDERS  3
#define CALLERS	  3
#define CALLS	  20
#define NAPPERS	  5
#define NAPS	  10
#define COMPUTERS 3
#define STOPS	  40
#define FOREVER	  7

static struct weft_waitgroup all, computers;
static struct weft_mutex mutex;
static _Atomic int stop_computing;
static int64_t under_mutex;
static int created = 1; /* main */

static void start(void (*fn)(void *arg), void *arg)
{
	weft_wg_add(&all, 1);
	created++;
	weft_go(fn, arg);
}

static void fail(const char *what)
{
	fprintf(stderr, "everything: %s\n", what);
	exit(1);
}

static struct weft_chan *new_chan(size_t bytes)
{
	struct weft_chan *c = weft_chan_new(bytes, 0);

	if (!c)
		fail("no memory for a channel");
	return c;
}

static void nothing(void *arg)
{
	weft_wg_done(&all);
}

static void send_turns(void *arg)
{
	for (int i = 0; i < TURNS; i++)
		weft_send(arg, &i);
	weft_wg_done(&all);
}

static void receive_turns(void *arg)
{
	struct weft_case cases[2] = { { .chan = arg, .dir = WEFT_RECV }, { .chan = NULL, .dir = WEFT_RECV } };

	for (int i = 0; i < TURNS; i++) {
		int x = -1;

		cases[0].elem = &x;
		if (i % 2)
			weft_recv(arg, &x);
		else if (weft_select(cases, 2, true) != 0)
			fail("a select took what cannot be");
		if (x != i)
			fail("a channel is out of order");
	}
	weft_wg_done(&all);
}

static void take_mutex(void *arg)
{
	for (int i = 0; i < TURNS; i++) {
		weft_lock(&mutex);
		under_mutex++;
		if (i % 8 == 0)
			weft_yield();
		weft_unlock(&mutex);
	}
	weft_wg_done(&all);
}

static void yield_turns(void *arg)
{
	for (int i = 0; i < TURNS; i++)
		weft_yield();
	weft_wg_done(&all);
}

static void call_kernel(void *arg)
{
	for (int i = 0; i < CALLS; i++) {
		struct timespec ts = { .tv_nsec = i % 2 ? 1000 : 300000 };

		weft_entersyscall();
		nanosleep(&ts, NULL);
		weft_exitsyscall();
	}
	weft_wg_done(&all);
}

static void nap(void *arg)
{
	for (int i = 0; i < NAPS; i++)
		weft_sleep(200000);
	weft_wg_done(&all);
}

static void compute(void *arg)
{
	while (!stop_computing)
		;
	weft_wg_done(&computers);
}

static void wait_for_ever(void *arg)
{
	weft_recv(arg, NULL);
}

static void serve(void *arg)
{
	struct weft_sock *s;
	char text[16];
	ssize_t n;
	int err;

	s = weft_accept(arg, &err);
	if (!s)
		fail("cannot accept");
	while ((n = weft_read(s, text, sizeof(text))) > 0)
		if (weft_write(s, text, n) != n)
			fail("cannot write");
	weft_sock_close(s);
	weft_wg_done(&all);
}

static void use_network(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr *addr = (struct sockaddr *)&in;
	socklen_t len = sizeof(in);
	struct weft_sock *listener, *s;
	int err;

	listener = weft_listen(addr, len, &err);
	if (!listener || weft_sock_name(listener, addr, &len))
		fail("cannot listen");
	start(serve, listener);
	s = weft_connect(addr, len, &err);
	for (int i = 0; s && i < TURNS; i++) {
		char x = 0;

		if (weft_write(s, "x", 1) != 1 || weft_read(s, &x, 1) != 1 || x != 'x')
			fail("no echo");
	}
	if (!s)
		fail("cannot connect");
	weft_sock_close(s);
	weft_sock_close(listener);
}

static int run(void *arg)
{
	struct weft_chan *turns = new_chan(sizeof(int)), *never = new_chan(0);
	int computing;

	for (int i = 0; i < FOREVER; i++, created++)
		weft_go(wait_for_ever, never);
	for (int i = 0; i < SPAWNED; i++)
		start(nothing, NULL);
	start(send_turns, turns);
	start(receive_turns, turns);
	for (int i = 0; i < LOCKERS; i++)
		start(take_mutex, NULL);
	for (int i = 0; i < YIELDERS; i++)
		start(yield_turns, NULL);
	for (int i = 0; i < CALLERS; i++)
		start(call_kernel, NULL);
	for (int i = 0; i < NAPPERS; i++)
		start(nap, NULL);
	use_network();
	/* one that never calls anything can only be stopped by signal */
	computing = sched.async_preempt ? COMPUTERS : 0;
	weft_wg_add(&computers, computing);
	for (int i = 0; i < computing; i++, created++)
		weft_go(compute, NULL);
	for (int i = 0; i < STOPS; i++) {
		weft_stop_the_world(WEFT_STOP_TEST);
		weft_start_the_world();
		weft_sleep(i % 4 * 100000);
	}
	weft_wg_wait(&all);
	stop_computing = 1;
	weft_wg_wait(&computers);
	if (under_mutex != LOCKERS * TURNS)
		fail("the mutex lets two in");
	printf("{\"created\":%d,\"forever\":%d,\"syscalls\":%d,\"stw\":%d}\n", created, FOREVER, CALLERS * CALLS,
	       STOPS);
	return 0;
}

int main(void)
{
	int result = weft_main(run, NULL);
	char between = '{';

#define X(name) printf("%c\"" #name "\":%llu", between, (unsigned long long)weft_final.name), between = ',';
	WEFT_COUNTERS(X)
#undef X
	printf("}\n");
	return result;
}
