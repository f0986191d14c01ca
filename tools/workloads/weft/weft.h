/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weft: goroutines for C, scheduled as Go's runtime schedules them.
 *
 *	int weft_main(app, NULL)	starts the runtime and runs app() as the first goroutine
 *
 * Everything below is called by goroutines only, and may let other goroutines run on the way. Times are
 * nanoseconds. Errors are negative errno values; errno itself means nothing in a goroutine.
 *
 * What a goroutine's code must know:
 *  - It may be on another thread after any call below, and (by preemption) after any instruction of the
 *    program's own text. So it must not keep, and not trust, what belongs to a thread: errno, __thread variables,
 *    pthread mutexes, flockfile(). Between weft_nopreempt_begin() and _end() it stays where it is.
 *  - Code outside the program's own text (libc, other shared objects) is never preempted. A callback from there into
 *    the program (a qsort() comparison, say) is: put the call between weft_nopreempt_begin() and _end() if the library
 *    holds a lock or thread's data meanwhile.
 *  - What may block in the kernel belongs between weft_entersyscall() and weft_exitsyscall(), or in the weft_*
 *    functions for sockets, else its P stands still meanwhile.
 *  - Signal handlers of the program need SA_ONSTACK: goroutine stacks are small.
 *
 * Environment: WEFT_PROCS=N (goroutines that run at once; default: the CPUs there are),
 * WEFT_ASYNCPREEMPT=0 (no preemption but in calls of weft: Go before 1.14).
 */
#ifndef WEFT_H
#define WEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "stats.h"

/*
 * Runs fn(arg) as the main goroutine and returns what it returns. As in Go the other goroutines are not waited
 * for; the process should end soon after. Once in a process. Exits with a message where the runtime cannot start.
 */
int weft_main(int (*fn)(void *arg), void *arg);

/*
 * Starts a goroutine, on a stack of WEFT_STACK_BYTES with a guard page. Ends the process with a message where
 * there is no memory for it, as Go does.
 */
#define WEFT_STACK_BYTES (64 * 1024)
void weft_go(void (*fn)(void *arg), void *arg);

/*
 * The same with a stack of at least `bytes`. Up to 32 KiB stacks are packed without guard pages (the least is
 * 2 KiB, of which some 1.5 KiB are fn's own): for functions known to fit. An overflow there is found out when the
 * goroutine next gives way, and ends the process; it may have overwritten a neighbour by then. A stack with less
 * than about 5 KiB left is not preempted by signal. Above 32 KiB there is a guard page; at most 1 GiB.
 */
void weft_go_stack(void (*fn)(void *arg), void *arg, size_t bytes);

void weft_yield(void); /* to the end of the queue of this P */
void weft_sleep(int64_t ns);
uint64_t weft_self(void); /* this goroutine's number, from 1, never used twice */
int weft_procs(void);

/* Between these the goroutine stays on its thread and must not block or yield. They nest. */
void weft_nopreempt_begin(void);
void weft_nopreempt_end(void);

/* Around a call that may block in the kernel: the P is handed over if it takes long. Nothing of weft between them. */
void weft_entersyscall(void);
void weft_exitsyscall(void);

/*
 * Channels of elements of elem_bytes (0 is allowed). capacity 0: a send waits for its receiver, and the element goes
 * from stack to stack. The creator frees a channel when nobody uses it any more.
 */
struct weft_chan;
struct weft_chan *weft_chan_new(size_t elem_bytes, size_t capacity); /* NULL: no memory */
void weft_chan_free(struct weft_chan *c);
void weft_send(struct weft_chan *c, const void *elem); /* on a closed channel: ends the process */
bool weft_recv(struct weft_chan *c, void *elem);       /* false: closed and empty, *elem zeroed; elem may be NULL */
void weft_close(struct weft_chan *c);		       /* twice: ends the process */
size_t weft_chan_len(struct weft_chan *c);

/*
 * One of several sends and receives, chosen at random among those that can go ahead. Returns its index;
 * WEFT_NONE where `block` is false and none can. A case whose chan is NULL never can. Receives set `ok` as
 * weft_recv() returns it. At most WEFT_MAX_CASES. Blocking with no case that ever can: parked for ever.
 */
#define WEFT_NONE      (-1)
#define WEFT_MAX_CASES 1024
enum weft_dir { WEFT_SEND, WEFT_RECV };
struct weft_case {
	struct weft_chan *chan;
	enum weft_dir dir;
	bool ok;
	void *elem; /* read by a send, written by a receive (may be NULL there) */
};
int weft_select(struct weft_case *cases, int n_cases, bool block);

/* All zero is an unlocked mutex. Not recursive. After 1 ms of waiting a goroutine is handed the lock. */
struct weft_waitq {
	void *first, *last;
};
struct weft_mutex {
	_Atomic int state;
	_Atomic int guard;
	struct weft_waitq waiters;
};
void weft_lock(struct weft_mutex *mu);
bool weft_trylock(struct weft_mutex *mu);
void weft_unlock(struct weft_mutex *mu);

/* All zero is a wait group that waits for nothing. add() from 0 must come before wait(). */
struct weft_waitgroup {
	_Atomic int64_t count;
	_Atomic int guard;
	struct weft_waitq waiters;
};
void weft_wg_add(struct weft_waitgroup *wg, int64_t n);
void weft_wg_done(struct weft_waitgroup *wg);
void weft_wg_wait(struct weft_waitgroup *wg);

/*
 * Sockets that block the goroutine, never the thread. A socket has at most one reader and one writer at a time;
 * close() wakes both with -EBADF, but who calls it must see to it that no later call comes with the same socket.
 * Functions that return a socket return NULL and set *err (never NULL) to a negative errno.
 */
struct weft_sock;
struct weft_sock *weft_listen(const struct sockaddr *addr, socklen_t len, int *err);
struct weft_sock *weft_accept(struct weft_sock *listener, int *err);
struct weft_sock *weft_connect(const struct sockaddr *addr, socklen_t len, int *err);
ssize_t weft_read(struct weft_sock *s, void *buf, size_t len);	      /* 0: the peer has ended */
ssize_t weft_write(struct weft_sock *s, const void *buf, size_t len); /* the whole of it, or negative errno */
int weft_sock_name(struct weft_sock *s, struct sockaddr *addr, socklen_t *len);
void weft_sock_close(struct weft_sock *s);

#endif
