/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside weft. Three things carry the scheduler, named as in Go:
 *   G  a goroutine: a stack and where it stands
 *   M  a thread of the kernel. Its own stack ("g0") runs the scheduler: find work, switch to it, do what it left to do
 *   P  the right to run goroutines, with a queue of them. Only an M that holds a P runs one
 *
 * All functions of the runtime lie in a section of their own (weft.mk renames it), and a goroutine is preempted
 * by signal only outside of it. So runtime code is never torn away from its thread except where it calls
 * sched__park() or sched__yield(); after those an M, a P or anything else of the thread must be asked for anew.
 */
#ifndef WEFT_RUNTIME_H
#define WEFT_RUNTIME_H

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "trace.h"
#include "weft.h"

#define RUNQ_SIZE    256      /* a power of two */
#define GLOBAL_TICKS 61	      /* the global queue is looked at first each so many turns */
#define SLICE_NS     10000000 /* a goroutine that ran for so long is asked to give way */
#define MAX_THREADS  10000
#define G_CACHE	     64	 /* free goroutines that a P keeps of one stack size */
#define CACHE_LINE   128 /* two lines: x86 fetches in pairs */

#define likely(x)	  __builtin_expect(!!(x), 1)
#define unlikely(x)	  __builtin_expect(!!(x), 0)
#define get_relaxed(p)	  atomic_load_explicit(p, memory_order_relaxed)
#define set_relaxed(p, v) atomic_store_explicit(p, v, memory_order_relaxed)
#define get_acquire(p)	  atomic_load_explicit(p, memory_order_acquire)
#define set_release(p, v) atomic_store_explicit(p, v, memory_order_release)

#define STACK_CLASSES	21 /* 2 KiB << class: up to 2 GiB */
#define STACK_MIN_BYTES 2048

/* registers that a function keeps for its caller */
#ifdef __x86_64__
#define CALL_REGS 6
#else
#define CALL_REGS 12
#endif

struct m;
struct p;
struct p_heap;

enum g_status { G_DEAD, G_RUNNABLE, G_RUNNING, G_WAITING, G_SYSCALL };

struct g {
	void *sp;		      /* saved here while it does not run */
	uintptr_t stack_lo, stack_hi; /* lo: the lowest byte that may be used */
	struct g *link;		      /* in a run queue, a free list or a list of those to wake */
	_Atomic int status;
	unsigned char stack_class, wait; /* wait: for what it parks, enum weft_wait */
	bool guarded;			 /* by a page; else by a word at stack_lo */
	uint64_t id;
	void (*fn)(void *arg);
	void *arg;
	struct waiter *woken_by; /* channels: which of its waiters was served */
	_Atomic int select_done; /* the first to set it serves a select */
	void *asan_fake_stack;
	void *tsan_fiber;
	/* the collector: who holds the claim may touch the stack (enum g_claim) */
	_Atomic int claim;
	_Atomic uint32_t scanned; /* gc_cycle in which its stack was last looked at */
	uintptr_t call_sp;	  /* in a system call: its stack then, and what a call may leave in registers */
	uintptr_t call_regs[CALL_REGS];
	double assist_debt_bytes; /* it is to mark so much */
};

enum g_claim { G_UNCLAIMED, G_CLAIMED_BY_M, G_CLAIMED_BY_GC };

struct g_queue {
	struct g *head, *tail;
	int n;
};

enum p_status { P_IDLE, P_RUNNING, P_SYSCALL, P_STOPPED };

struct p {
	/* runq[head..tail) modulo its size: the owner puts at the tail, owner and thieves take at the head */
	_Atomic uint32_t head, tail;
	_Atomic(struct g *) next; /* runs before the queue, in the time slice of who made it ready */
	_Atomic(struct g *) runq[RUNQ_SIZE];
	_Atomic int status;
	_Atomic uint32_t tick; /* time slices begun */
	_Atomic uint32_t syscall_tick;
	_Atomic int preempt;	     /* who runs here is to give way */
	_Atomic(struct m *) m;	     /* who holds it */
	_Atomic(struct g *) in_call; /* whose system call it is (P_SYSCALL) */
	int id;
	uint32_t random;
	struct p *link; /* idle Ps */
	struct g *free_g[STACK_CLASSES];
	int n_free_g[STACK_CLASSES];
	struct weft_counters *stats;
	struct p_heap *heap;
	/* the monitor's notes */
	uint32_t seen_tick, seen_syscall_tick;
	int64_t tick_since_ns, syscall_since_ns;
} __attribute__((aligned(CACHE_LINE)));

struct note {
	_Atomic int set;
};

struct m {
	void *g0_sp;
	struct g *g; /* the goroutine that it runs; NULL on g0 */
	_Atomic(struct p *) p;
	struct p *next_p;				   /* handed to it while it slept */
	struct p *syscall_p;				   /* held when the call began */
	void (*then)(struct m *m, struct g *g, void *arg); /* what g0 does when a goroutine has left the thread */
	void *then_arg;
	_Atomic int locks; /* weft_nopreempt_begin() */
	bool spinning;	   /* looks for work, has none */
	uint64_t left;	   /* the goroutine that last left this thread, since it has its P */
	enum weft_stop left_how;
	pid_t tid;
	struct note park;
	struct m *link; /* idle Ms */
	stack_t sigstack;
	const void *g0_bottom; /* for the sanitizers */
	size_t g0_size;
	void *asan_fake_stack;
	void *tsan_fiber;
};

/* A mutex for moments in which the holder never leaves its thread. 0: free, 1: held, 2: held and waited for */
struct lock {
	_Atomic int state;
};

struct sched {
	struct lock lock; /* for what has no own rule below */
	struct g_queue runq;
	_Atomic int runq_n; /* runq.n, for looking without the lock */
	struct m *idle_m;
	int n_m, n_idle_m;
	struct p *idle_p;
	_Atomic int n_idle_p;
	_Atomic int n_spinning;
	_Atomic(struct g *) free_g[STACK_CLASSES]; /* changed under the lock */
	_Atomic uint64_t last_id;
	/* stop the world */
	_Atomic int stopping;
	bool for_good; /* the process is about to end */
	int stop_wait; /* Ps that still run */
	struct note stopped;
	/* poll.c: 0 while an M blocks in the poller (until poll_until_ns; 0: not known yet) */
	_Atomic int64_t last_poll_ns, poll_until_ns;
	bool monitor_sleeps;
	struct note monitor;
	_Atomic int main_done; /* the process is about to end: standing still is no deadlock */
	int n_procs;
	bool async_preempt;
	struct p *p; /* [n_procs] */
};
extern struct sched sched;

/* ---- runtime.c ---- */
int env__number(const char *name, int fallback, int least, int most); /* one that cannot be: ends the process */

/* ---- os.c ---- */
int64_t os__now_ns(void);
void os__say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void os__die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void lock__acquire(struct lock *l);
void lock__release(struct lock *l);
/* Another's release cannot be seen to come late: after it the lock's memory may go away. */
void note__clear(struct note *n);
void note__wake(struct note *n);
bool note__sleep(struct note *n, int64_t timeout_ns); /* negative: for ever; false: timed out */

/* ---- the thread's M. Never inlined: its address is the thread's, and a compiler would keep it over a switch ---- */
struct m *this_m(void);
void this_m__set(struct m *m);
static inline struct p *this_p(void)
{
	return get_relaxed(&this_m()->p);
}
/* The goroutine that runs here; 0: none, this is the scheduler or no thread of weft's */
static inline uint64_t this_g_id(void)
{
	struct m *m = this_m();

	return m && m->g ? m->g->id : 0;
}
/* For one's own P's row: no other writer, so no atomic addition */
#define stats__add(p, counter, n) set_relaxed(&(p)->stats->counter, get_relaxed(&(p)->stats->counter) + (n))
#define stats__add_shared(counter, n) \
	atomic_fetch_add_explicit(&weft_stats.rows[sched.n_procs].counter, n, memory_order_relaxed)

/* ---- runq.c ---- */
void runq__put(struct p *p, struct g *g, bool next);
struct g *runq__get(struct p *p, bool *inherit_slice);
struct g *runq__steal(struct p *p, struct p *from, bool steal_next);
bool runq__empty(struct p *p);
void queue__push(struct g_queue *q, struct g *g);
struct g *queue__pop(struct g_queue *q);
void global__push(struct g_queue *batch);    /* sched.lock held; empties batch */
struct g *global__get(struct p *p, int max); /* sched.lock held; the rest goes to p's queue; max 0: a fair share */

/* ---- sched.c ---- */
void sched__loop(struct m *m);
/* Leaves the thread; g0 then runs then(m, g, arg), which may let others make the goroutine ready */
void sched__park(void (*then)(struct m *m, struct g *g, void *arg), void *arg);
void sched__park_release(struct lock *l, enum weft_wait why); /* the usual case: then releases the lock */
/* What then() does for one that waits, before anybody can make it ready */
static inline void sched__parked(struct m *m, struct g *g, enum weft_wait why)
{
	set_relaxed(&g->status, G_WAITING);
	stats__add(get_relaxed(&m->p), parks, 1);
	EVENT(g_park, g->id, why, 0, 0);
}
static inline void sched__set_ready(struct g *g) /* without putting it anywhere */
{
	set_relaxed(&g->status, G_RUNNABLE);
	EVENT(g_ready, g->id, this_g_id(), 0, 0);
}
void sched__ready(struct g *g);		   /* it waited: it runs next on this P. Caller holds a P */
void sched__inject(struct g_queue *ready); /* all of them at once; the caller needs no P */
void sched__yield(void);
void sched__yield_preempted(bool async);
/* A safe point: at the end of runtime calls that did not leave the thread */
static inline void sched__check_preempt(void)
{
	struct p *p = this_p();

	if (unlikely(get_relaxed(&p->preempt)))
		sched__yield_preempted(false);
}

/* ---- thread.c: Ms, and idle Ps (those: sched.lock held) ---- */
void m__start(struct p *p, bool spinning); /* an M for p, or for an idle P (NULL) */
void m__stop(struct m *m);		   /* sleeps until it has been given a P */
void m__take(struct m *m, struct p *p);
struct p *m__give(struct m *m);
void m__wake_one(void); /* there is more work: see that somebody looks for it */
struct p *idle__get(void);
void idle__put(struct p *p);
void p__handoff(struct p *p); /* its M blocks: let another have it */
void m__call_on_g0(void (*fn)(void *arg), void *arg);

/* ---- goroutine.c, stack.c, switch_*.S ---- */
struct g *g__start(struct p *p, void (*fn)(void *arg), void *arg, unsigned char class); /* runnable, in no queue */
void g__exited(struct m *m, struct g *g, void *arg);
void g__free(struct p *p, struct g *g);
void g__main(void);
void g__check_stack(struct g *g);
void stack__alloc(struct g *g, unsigned char class);
void stack__init(void);
unsigned char stack__class(size_t bytes);
size_t g__count(void);			   /* of all there ever were .. */
struct g *g__at(size_t i);		   /* .. one */
void *switch__prepare(uintptr_t stack_hi); /* the sp of a stack that starts in g__main() */
void switch__swap(void **save_sp, void *sp);
void switch__call(void (*fn)(void *arg), void *arg, void *sp);
void switch__start(void);
void syscall__enter(const uintptr_t *regs, uintptr_t sp);
void switch__to_g(struct m *m, struct g *g);
void switch__to_g0(struct m *m, bool dying);
void switch__first_m(struct m *m);

/* ---- timer.c, poll.c ---- */
int64_t timer__next_ns(void);	 /* 0: none */
void timer__run(int64_t now_ns); /* makes ready who has slept long enough */
void poll__init(void);
bool poll__anyone(void);
void poll__break(void);					   /* who blocks in the poller comes back at once */
int poll__wait(int64_t timeout_ns, struct g_queue *ready); /* negative: for ever */

/* ---- the collector (gc.h), as the scheduler sees it ---- */
extern _Atomic int gc_marking;
void heap__init(void);
void gc__run(struct p *p, struct g *g);	    /* marking, and g is about to run: claims it, looks at its stack */
void gc__created(struct p *p, struct g *g); /* marking: its argument lies on no stack yet */
void gc__copied(const void *to, const void *from, size_t bytes); /* marking: so many bytes from stack to stack */
void mark__flush(struct p *p);					 /* its grey blocks to where all can take them */
struct g *gc__idle_worker(void);				 /* for a P that has nothing else to do */
static inline void g__claim(struct p *p, struct g *g)
{
	if (unlikely(get_relaxed(&gc_marking)))
		gc__run(p, g);
	else
		set_relaxed(&g->claim, G_CLAIMED_BY_M);
}
static inline void g__unclaim(struct g *g)
{
	/* not claimed: back from a system call without a P; then it may be the collector that holds it */
	if (get_relaxed(&g->claim) == G_CLAIMED_BY_M)
		set_release(&g->claim, G_UNCLAIMED);
}

/* ---- sysmon.c, preempt.c, stw.c ---- */
void sysmon__start(void);
void sysmon__stop(void); /* it does nothing any more */
void preempt__init(void);
void preempt__init_m(struct m *m);
void preempt__request(struct p *p);
void preempt__all(void);
/* sched.lock held: one that the stopper waits for stands; what ran there, and how it came to leave */
void stw__p_stopped(struct p *p, uint64_t goroutine, enum weft_stop how);
/* By a goroutine. Between them no other goroutine runs and nothing of weft may be called */
void weft_stop_the_world(enum weft_stop_reason why);
void weft_start_the_world(void);
/*
 * By a thread that has no P, once: nothing runs any more. Returns how many Ps do all the same, since a goroutine on
 * each could not be preempted for a while.
 */
int stw__for_good(void);

#endif
