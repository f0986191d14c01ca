// SPDX-License-Identifier: BSD-2-Clause
/*
 * stress [SECONDS [SEED]]: everything at once, for a time: channels of several capacities, select, sleep, mutex,
 * spawning, system calls, sockets, preemption of computing loops, and the world being stopped. Every element carries a
 * checksum; every loop computes what is known beforehand; at the end what was sent must have been received.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "runtime.h"

#define CHANS	    6
#define SENDERS	    12
#define RECEIVERS   8
#define RELAYS	    4
#define COUNTERS    8
#define SPAWNERS    3
#define CALLERS	    3
#define LOOPS	    3
#define SLEEPERS    20
#define PAIRS	    2
#define LOOP_ROUNDS 300000
#define WORKERS	    (SENDERS + RECEIVERS + RELAYS + COUNTERS + SPAWNERS + CALLERS + LOOPS + SLEEPERS + PAIRS)

struct item {
	uint64_t value, from, sum;
};

static struct weft_chan *chans[CHANS];
static const size_t capacities[CHANS] = { 0, 0, 1, 3, 64, 700 };
static struct weft_chan *quit;
static _Atomic uint64_t sent, sent_xor, received, received_xor, relayed, spawned, spawned_ran;
static _Atomic uint64_t progress[WORKERS + 1];
static _Atomic int stop;
static struct weft_waitgroup senders, relays, receivers, others;
static struct weft_mutex counter_lock;
static uint64_t counted, counted_twin; /* under counter_lock */
static _Atomic uint64_t counted_in_all;
static uint64_t seed = 1;

static struct item item__new(uint64_t value, uint64_t from)
{
	return (struct item){ value, from, mix(value ^ mix(from)) };
}

static void item__check(const struct item *i)
{
	check(i->sum == mix(i->value ^ mix(i->from)));
}

static void maybe_pause(uint64_t *state)
{
	uint64_t r = next(state) % 200;

	if (r == 0)
		weft_sleep(next(state) % 300000);
	else if (r < 20)
		weft_yield();
}

static void send_items(void *arg)
{
	uint64_t id = (uintptr_t)arg, state = mix(seed + id);

	while (!stop) {
		struct item i = item__new(next(&state), id);
		struct weft_chan *a = chans[next(&state) % CHANS], *b = chans[next(&state) % CHANS];
		struct weft_case cases[2] = { { a, WEFT_SEND, false, &i }, { b, WEFT_SEND, false, &i } };
		int n = 0;

		switch (next(&state) % 3) {
		case 0:
			weft_send(a, &i);
			break;
		case 1:
			n = weft_select(cases, 2, true);
			break;
		default:
			n = weft_select(cases, 2, false);
		}
		if (n != WEFT_NONE) {
			sent++;
			sent_xor ^= i.sum;
		}
		progress[id]++;
		maybe_pause(&state);
	}
	weft_wg_done(&senders);
}

/* From any channel to any other that has room, in one select where that works out */
static void relay_items(void *arg)
{
	uint64_t id = (uintptr_t)arg, state = mix(seed + id);

	for (;;) {
		struct item in, out;
		struct weft_case cases[4];

		for (int k = 0; k < 3; k++)
			cases[k] = (struct weft_case){ chans[next(&state) % CHANS], WEFT_RECV, false, &in };
		cases[3] = (struct weft_case){ quit, WEFT_RECV, false, NULL };
		if (weft_select(cases, 4, true) == 3)
			break;
		item__check(&in);
		out = in;
		memset(&in, 0xff, sizeof(in));
		relayed++;
		weft_send(chans[CHANS - 1], &out);
		progress[id]++;
		maybe_pause(&state);
	}
	weft_wg_done(&relays);
}

static void receive(const struct item *i)
{
	item__check(i);
	received++;
	received_xor ^= i->sum;
}

static void receive_items(void *arg)
{
	uint64_t id = (uintptr_t)arg, state = mix(seed + id);
	struct weft_chan *open[CHANS];

	memcpy(open, chans, sizeof(open));
	for (int left = CHANS; left;) {
		struct weft_case cases[CHANS];
		struct item i;
		int k;

		for (k = 0; k < CHANS; k++)
			cases[k] = (struct weft_case){ open[k], WEFT_RECV, false, &i };
		k = weft_select(cases, CHANS, true);
		progress[id]++;
		if (cases[k].ok) {
			receive(&i);
		} else {
			/* closed and empty: a nil channel is never chosen */
			check(i.value == 0 && i.sum == 0);
			open[k] = NULL;
			left--;
		}
		maybe_pause(&state);
	}
	weft_wg_done(&receivers);
}

static void count(void *arg)
{
	uint64_t id = (uintptr_t)arg, state = mix(seed + id), n = 0;

	while (!stop) {
		weft_lock(&counter_lock);
		check(counted == counted_twin);
		counted++;
		if (next(&state) % 64 == 0)
			weft_yield();
		counted_twin++;
		weft_unlock(&counter_lock);
		n++;
		progress[id]++;
		maybe_pause(&state);
	}
	counted_in_all += n;
	weft_wg_done(&others);
}

static void child(void *arg)
{
	spawned_ran++;
	weft_wg_done(arg);
}

static void spawn(void *arg)
{
	static const size_t stacks[] = { 2048, 4096, 16384, WEFT_STACK_BYTES, 256 * 1024 };
	uint64_t id = (uintptr_t)arg, state = mix(seed + id);
	struct weft_waitgroup wg = { 0 };

	while (!stop) {
		int n = 1 + next(&state) % 400;

		weft_wg_add(&wg, n);
		for (int i = 0; i < n; i++)
			weft_go_stack(child, &wg, stacks[next(&state) % 5]);
		weft_wg_wait(&wg);
		spawned += n;
		progress[id]++;
		maybe_pause(&state);
	}
	weft_wg_done(&others);
}

static void call_kernel(void *arg)
{
	uint64_t id = (uintptr_t)arg, state = mix(seed + id);

	while (!stop) {
		struct timespec ts = { 0, next(&state) % 200000 };

		weft_entersyscall();
		nanosleep(&ts, NULL);
		weft_exitsyscall();
		progress[id]++;
	}
	weft_wg_done(&others);
}

/*
 * Integers, doubles in vectors, x87 (where long double is), in a loop that calls nothing: each interruption must be
 * invisible
 */
static double compute(uint64_t rounds, uint64_t *hash, long double *wide)
{
	double v[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, sum = 0;
	uint64_t h = 1;
	long double w = 1;

	for (uint64_t i = 0; i < rounds; i++) {
		h = (h ^ i) * 0x100000001b3u;
		w = w * 0.999999L + 0.5L;
		for (int k = 0; k < 8; k++)
			v[k] = v[k] * 0.999 + k;
	}
	for (int k = 0; k < 8; k++)
		sum += v[k];
	*hash = h;
	*wide = w;
	return sum;
}

static void loop(void *arg)
{
	uint64_t id = (uintptr_t)arg, hash, known_hash;
	long double wide, known_wide;
	double known = compute(LOOP_ROUNDS, &known_hash, &known_wide);

	while (!stop) {
		check(compute(LOOP_ROUNDS, &hash, &wide) == known);
		check(hash == known_hash);
		check(wide == known_wide);
		progress[id]++;
		/* the world before preemption would never see this goroutine give way */
		if (!sched.async_preempt)
			weft_yield();
	}
	weft_wg_done(&others);
}

static void sleep_often(void *arg)
{
	uint64_t id = (uintptr_t)arg, state = mix(seed + id);

	while (!stop) {
		int64_t want_ns = next(&state) % 3000000, start_ns = os__now_ns();

		weft_sleep(want_ns);
		check(os__now_ns() - start_ns >= want_ns);
		progress[id]++;
	}
	weft_wg_done(&others);
}

/* ---- sockets: what is written is read, in pieces of any size ---- */

static struct weft_sock *listener;

static void answer(void *arg)
{
	struct weft_sock *s = arg;
	char buf[3000];
	ssize_t n;

	while ((n = weft_read(s, buf, sizeof(buf))) > 0)
		check(weft_write(s, buf, n) == n);
	check(n == 0);
	weft_sock_close(s);
}

static void accept_all(void *arg)
{
	struct weft_sock *s;
	int err;

	while ((s = weft_accept(listener, &err)))
		weft_go_stack(answer, s, 32768);
	check(err == -EBADF);
	weft_wg_done(arg);
}

static void ask(void *arg)
{
	uint64_t id = (uintptr_t)arg, state = mix(seed + id);
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int err;

	check(weft_sock_name(listener, (struct sockaddr *)&addr, &len) == 0);
	while (!stop) {
		struct weft_sock *s = weft_connect((struct sockaddr *)&addr, len, &err);
		char out[5000], in[5000];

		check(s);
		for (int round = next(&state) % 20; round >= 0; round--) {
			size_t n = 1 + next(&state) % sizeof(out), got = 0;

			memset(out, next(&state), n);
			out[n - 1] = round;
			check(weft_write(s, out, n) == (ssize_t)n);
			while (got < n) {
				ssize_t k = weft_read(s, in + got, n - got);

				check(k > 0);
				got += k;
			}
			check(!memcmp(in, out, n));
			progress[id]++;
		}
		weft_sock_close(s);
		maybe_pause(&state);
	}
	weft_wg_done(&others);
}

/* ---- while the world stands nobody gets on ---- */

static uint64_t stop_world_often(int64_t end_ns)
{
	uint64_t state = seed, before[WORKERS + 1], times = 0;

	while (os__now_ns() < end_ns) {
		int64_t until_ns;

		weft_sleep(next(&state) % 20000000);
		weft_stop_the_world(WEFT_STOP_TEST);
		for (int i = 0; i <= WORKERS; i++)
			before[i] = progress[i];
		for (until_ns = os__now_ns() + 300000; os__now_ns() < until_ns;)
			;
		for (int i = 0; i <= WORKERS; i++)
			check(before[i] == progress[i]);
		for (int i = 0; i < sched.n_procs; i++)
			check(atomic_load(&sched.p[i].status) == P_STOPPED);
		weft_start_the_world();
		times++;
	}
	return times;
}

static int64_t duration_ns = 5000000000;

static void start(struct weft_waitgroup *wg, void (*fn)(void *arg), int n, uintptr_t *id)
{
	weft_wg_add(wg, n);
	for (int i = 0; i < n; i++)
		weft_go(fn, (void *)++*id);
}

static void listen_on_loopback(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int err;

	listener = weft_listen((struct sockaddr *)&addr, sizeof(addr), &err);
	check(listener);
}

static int app(void *arg)
{
	struct weft_waitgroup acceptor = { 0 };
	struct weft_totals t;
	uint64_t stopped;
	uintptr_t id = 0;

	for (int i = 0; i < CHANS; i++)
		check((chans[i] = weft_chan_new(sizeof(struct item), capacities[i])));
	check((quit = weft_chan_new(0, 0)));
	listen_on_loopback();
	weft_wg_add(&acceptor, 1);
	weft_go(accept_all, &acceptor);
	start(&receivers, receive_items, RECEIVERS, &id);
	start(&relays, relay_items, RELAYS, &id);
	start(&senders, send_items, SENDERS, &id);
	start(&others, count, COUNTERS, &id);
	start(&others, spawn, SPAWNERS, &id);
	start(&others, call_kernel, CALLERS, &id);
	start(&others, loop, LOOPS, &id);
	start(&others, sleep_often, SLEEPERS, &id);
	start(&others, ask, PAIRS, &id);
	check(id == WORKERS);
	stopped = stop_world_often(os__now_ns() + duration_ns);
	stop = 1;
	weft_wg_wait(&senders);
	weft_close(quit);
	weft_wg_wait(&relays);
	for (int i = 0; i < CHANS; i++)
		weft_close(chans[i]);
	weft_wg_wait(&receivers);
	weft_wg_wait(&others);
	weft_sock_close(listener);
	weft_wg_wait(&acceptor);
	check(sent == received && sent_xor == received_xor);
	check(counted == counted_twin && counted == counted_in_all);
	check(spawned == spawned_ran);
	for (int i = 1; i <= WORKERS; i++)
		if (!progress[i])
			fprintf(stderr, "worker %d got nowhere\n", i);
	for (int i = 0; i < CHANS; i++)
		weft_chan_free(chans[i]);
	/* done() comes before the end; a goroutine's last steps may still be under way */
	do {
		weft_sleep(1000000);
		weft_stats_read(&t);
	} while (t.created != t.exited + 1);
	check(t.stw == stopped && t.preempts_async <= t.preempts);
	check(t.preempts_async || !sched.async_preempt);
	printf("procs %d items %llu relayed %llu spawned %llu locked %llu switches %llu steals %llu preempts %llu (async %llu) "
	       "handoffs %llu threads %llu stw %llu mean %.0f us\n",
	       sched.n_procs, (unsigned long long)received, (unsigned long long)relayed, (unsigned long long)spawned,
	       (unsigned long long)counted, (unsigned long long)t.switches, (unsigned long long)t.steals,
	       (unsigned long long)t.preempts, (unsigned long long)t.preempts_async, (unsigned long long)t.handoffs,
	       (unsigned long long)t.threads, (unsigned long long)t.stw, t.stw ? t.stw_ns / 1e3 / t.stw : 0);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		duration_ns = atof(argv[1]) * 1e9;
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	return weft_main(app, NULL);
}
