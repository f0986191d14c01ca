// SPDX-License-Identifier: BSD-2-Clause
#include <stddef.h>
#include <string.h>

#include "gonames.h"
#include "util.h"

/* One name per line would not fit on a screen. */
/* clang-format off */
static const char *const waits_19[] = {
	"", "GC assist marking", "IO wait", "chan receive (nil chan)", "chan send (nil chan)", "dumping heap",
	"garbage collection", "garbage collection scan", "panicwait", "select", "select (no cases)",
	"GC assist wait", "GC sweep wait", "GC scavenge wait", "chan receive", "chan send", "finalizer wait",
	"force gc (idle)", "semacquire", "sleep", "sync.Cond.Wait", "timer goroutine (idle)",
	"trace reader (blocked)", "wait for GC cycle", "GC worker (idle)", "preempted", "debug call",
};

/* of Go 1.20 to 1.23, which only appended */
static const char *const waits_23[] = {
	"", "GC assist marking", "IO wait", "chan receive (nil chan)", "chan send (nil chan)", "dumping heap",
	"garbage collection", "garbage collection scan", "panicwait", "select", "select (no cases)",
	"GC assist wait", "GC sweep wait", "GC scavenge wait", "chan receive", "chan send", "finalizer wait",
	"force gc (idle)", "semacquire", "sleep", "sync.Cond.Wait", "sync.Mutex.Lock", "sync.RWMutex.RLock",
	"sync.RWMutex.Lock", "trace reader (blocked)", "wait for GC cycle", "GC worker (idle)",
	"GC worker (active)", "preempted", "debug call", "GC mark termination", "stopping the world",
	"flushing proc caches", "trace goroutine status", "trace proc status", "page trace flush", "coroutine",
	"GC weak to strong wait",
};

static const char *const waits_24[] = {
	"", "GC assist marking", "IO wait", "chan receive (nil chan)", "chan send (nil chan)", "dumping heap",
	"garbage collection", "garbage collection scan", "panicwait", "select", "select (no cases)",
	"GC assist wait", "GC sweep wait", "GC scavenge wait", "chan receive", "chan send", "finalizer wait",
	"force gc (idle)", "semacquire", "sleep", "sync.Cond.Wait", "sync.Mutex.Lock", "sync.RWMutex.RLock",
	"sync.RWMutex.Lock", "sync.WaitGroup.Wait", "trace reader (blocked)", "wait for GC cycle",
	"GC worker (idle)", "GC worker (active)", "preempted", "debug call", "GC mark termination",
	"stopping the world", "flushing proc caches", "trace goroutine status", "trace proc status",
	"page trace flush", "coroutine", "GC weak to strong wait", "synctest.Run", "synctest.Wait",
	"chan receive (synctest)", "chan send (synctest)", "select (synctest)",
};

static const char *const waits_25[] = {
	"", "GC assist marking", "IO wait", "chan receive (nil chan)", "chan send (nil chan)", "dumping heap",
	"garbage collection", "garbage collection scan", "panicwait", "select", "select (no cases)",
	"GC assist wait", "GC sweep wait", "GC scavenge wait", "chan receive", "chan send", "finalizer wait",
	"force gc (idle)", "GOMAXPROCS updater (idle)", "semacquire", "sleep", "sync.Cond.Wait",
	"sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.WaitGroup.Wait",
	"trace reader (blocked)", "wait for GC cycle", "GC worker (idle)", "GC worker (active)", "preempted",
	"debug call", "GC mark termination", "stopping the world", "flushing proc caches",
	"trace goroutine status", "trace proc status", "page trace flush", "coroutine",
	"GC weak to strong wait", "synctest.Run", "synctest.Wait", "chan receive (durable)",
	"chan send (durable)", "select (durable)", "sync.WaitGroup.Wait (durable)", "cleanup wait",
};

static const char *const waits_26[] = {
	"", "GC assist marking", "IO wait", "dumping heap", "garbage collection", "garbage collection scan",
	"panicwait", "GC assist wait", "GC sweep wait", "GC scavenge wait", "finalizer wait",
	"force gc (idle)", "GOMAXPROCS updater (idle)", "semacquire", "sleep", "chan receive (nil chan)",
	"chan send (nil chan)", "select (no cases)", "select", "chan receive", "chan send", "sync.Cond.Wait",
	"sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.WaitGroup.Wait",
	"trace reader (blocked)", "wait for GC cycle", "GC worker (idle)", "GC worker (active)", "preempted",
	"debug call", "GC mark termination", "stopping the world", "flushing proc caches",
	"trace goroutine status", "trace proc status", "page trace flush", "coroutine",
	"GC weak to strong wait", "synctest.Run", "synctest.Wait", "chan receive (durable)",
	"chan send (durable)", "select (durable)", "sync.WaitGroup.Wait (durable)", "cleanup wait",
};

static const struct {
	int minor;
	unsigned nr;
	const char *const *names;
} waits[] = { /* newest first */
	{ 26, ARRAY_SIZE(waits_26), waits_26 },
	{ 25, ARRAY_SIZE(waits_25), waits_25 },
	{ 24, ARRAY_SIZE(waits_24), waits_24 },
	{ 23, 38, waits_23 },
	{ 22, 37, waits_23 },
	{ 20, 32, waits_23 },
	{ 19, ARRAY_SIZE(waits_19), waits_19 },
};
/* clang-format on */

const char *go_wait_reason(int minor, unsigned nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		if (minor >= waits[i].minor)
			return nr < waits[i].nr ? waits[i].names[nr] : NULL;
	}
	return NULL;
}

static const char *name_of(const char *const *names, size_t room, unsigned nr)
{
	return nr < room ? names[nr] : NULL;
}

const char *go_stop_reason(unsigned nr)
{
	/* clang-format off */
	static const char *const names[] = {
		"unknown", "GC mark termination", "GC sweep termination", "write heap dump", "goroutine profile",
		"goroutine profile cleanup", "all goroutines stack trace", "read mem stats", "AllThreadsSyscall",
		"GOMAXPROCS", "start trace", "stop trace", "CountPagesInUse (test)", "ReadMetricsSlow (test)",
		"ReadMemStatsSlow (test)", "PageCachePagesLeaked (test)", "ResetDebugLog (test)",
	};
	/* clang-format on */

	return name_of(names, ARRAY_SIZE(names), nr);
}

unsigned go_stop_reason_of(const char *words)
{
	static const struct {
		const char *words;
		unsigned nr;
	} reasons[] = {
		{ "gcing", 1 },		  { "", 2 },
		{ "write heap dump", 3 }, { "profile", 4 },
		{ "profile cleanup", 5 }, { "stack trace", 6 },
		{ "read mem stats", 7 },  { "doAllThreadsSyscall", 8 },
		{ "GOMAXPROCS", 9 },	  { "start tracing", 10 },
		{ "stop tracing", 11 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (!strcmp(words, reasons[i].words))
			return reasons[i].nr;
	}
	return 0;
}

const char *go_status(unsigned nr)
{
	/* clang-format off */
	static const char *const names[] = {
		"idle", "runnable", "running", "in a system call", "waiting", NULL, "dead", NULL, "stack is moved",
		"preempted", "leaked", "dead extra",
	};
	/* clang-format on */

	return name_of(names, ARRAY_SIZE(names), nr & ~GO_STATUS_SCAN);
}

const char *go_gc_phase(unsigned nr)
{
	static const char *const names[] = { "off", "mark", "mark termination" };

	return name_of(names, ARRAY_SIZE(names), nr);
}
