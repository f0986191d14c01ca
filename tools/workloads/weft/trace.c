// SPDX-License-Identifier: BSD-2-Clause
/*
 * The probes and the log.
 *
 * Each event has one function, and that one probe site: a no-op of five bytes where x86-64 kernels since 6.18 may put a
 * call instead of a trap, and a note (SystemTap's format, version 3) that says where it is and in which registers the
 * four numbers are. Such a call pushes onto the stack of who hits the probe, so weft is built without a red zone.
 *
 * The log is kept in memory, by each thread for itself. Nothing here may be inlined into what switches stacks: a
 * thread's own data are asked for anew in each event.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime.h"

#define CHUNK_BYTES    (1024 * 1024)
#define DEFAULT_EVENTS 20000000
#define LOGGED	       (1u << 16)

#if defined(__x86_64__)
#define SITE ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00"
#elif defined(__aarch64__)
#define SITE "nop"
#endif

struct record {
	int64_t ns;
	uint64_t numbers[4]; /* the goroutine is the first */
	uint32_t event;
};

struct chunk {
	struct chunk *next;
	size_t n, room;
	struct record records[];
};

/* A thread that tells something */
struct teller {
	struct teller *next;
	_Atomic int busy; /* it is telling */
	pid_t tid;
	int64_t last_ns;
	struct chunk *first, *last;
	uint64_t lost;
	/* while the log is written */
	struct chunk *chunk;
	size_t at;
};

_Atomic uint32_t trace__wanted[WEFT_N_EVENTS] __attribute__((section(".probes"), visibility("hidden")));

static _Atomic(struct teller *) tellers, only;
static __thread struct teller *mine;
static struct teller nobody;
static _Atomic int64_t room_left; /* records that may still be had memory for */
static int fd = -1;
static const char *path;

static void *pages(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static struct teller *teller__mine(void)
{
	struct teller *t = mine;

	if (t)
		return t;
	/* not malloc(): a small goroutine's stack may be too small for it */
	t = pages(sizeof(*t));
	if (!t)
		os__die("no memory for a thread's events: %s", strerror(errno));
	t->tid = syscall(SYS_gettid);
	t->next = atomic_load(&tellers);
	while (!atomic_compare_exchange_weak(&tellers, &t->next, t))
		;
	mine = t;
	return t;
}

static bool more_room(struct teller *t)
{
	int64_t room = (CHUNK_BYTES - sizeof(struct chunk)) / sizeof(struct record);
	int64_t left = atomic_load(&room_left);
	struct chunk *c;

	do {
		if (left <= 0)
			return false;
		/* near the end a share, so that others too have what they tell first */
		if (room > left / 4 + 1)
			room = left / 4 + 1;
	} while (!atomic_compare_exchange_weak(&room_left, &left, left - room));
	c = pages(CHUNK_BYTES);
	if (!c)
		return false;
	c->room = room;
	if (t->last)
		t->last->next = c;
	else
		t->first = c;
	t->last = c;
	return true;
}

static void keep(struct teller *t, int64_t ns, const struct record *r)
{
	if ((!t->last || t->last->n == t->last->room) && !more_room(t)) {
		t->lost++;
		return;
	}
	t->last->records[t->last->n] = *r;
	t->last->records[t->last->n++].ns = ns;
}

/* Both in one order with what trace__only_me() does: it waits for us, or we see it and tell nothing */
static struct teller *begin(int64_t *ns)
{
	struct teller *t = teller__mine(), *who;

	atomic_store(&t->busy, 1);
	who = atomic_load(&only);
	if (who && who != t) {
		set_release(&t->busy, 0);
		return NULL;
	}
	if (fd >= 0) {
		*ns = os__now_ns();
		/* so that a thread's events are in order also where the clock is coarse */
		if (*ns <= t->last_ns)
			*ns = t->last_ns + 1;
		t->last_ns = *ns;
	}
	return t;
}

static void end(struct teller *t, int64_t ns, const struct record *r)
{
	if (fd >= 0)
		keep(t, ns, r);
	set_release(&t->busy, 0);
}

/* What tools take as the address at link time, so that they see by how much a file has been moved since */
__asm__(".pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n"
	"	.weak _.stapsdt.base\n"
	"	.hidden _.stapsdt.base\n"
	"_.stapsdt.base: .space 1\n"
	"	.size _.stapsdt.base, 1\n"
	"	.popsection\n");

#define PROBE(name, goroutine, a, b, c)                                                                            \
	__asm__ volatile("990:	" SITE "\n"                                                                        \
			 "	.pushsection .note.stapsdt, \"\", \"note\"\n"                                           \
			 "	.balign 4\n"                                                                            \
			 "	.4byte 992f - 991f, 994f - 993f, 3\n"                                                   \
			 "991:	.asciz \"stapsdt\"\n"                                                               \
			 "992:	.balign 4\n"                                                                        \
			 "993:	.8byte 990b\n"                                                                      \
			 "	.8byte _.stapsdt.base\n"                                                                \
			 "	.8byte trace__wanted + %c[at]\n"                                                        \
			 "	.asciz \"weft\"\n"                                                                      \
			 "	.asciz \"" #name "\"\n"                                                            \
			 "	.asciz \"8@%[g] 8@%[x] 8@%[y] 8@%[z]\"\n"                                               \
			 "994:	.balign 4\n"                                                                        \
			 "	.popsection\n"                                                                          \
			 :                                                                                         \
			 : [at] "n"(WEFT_EVENT_##name * sizeof(trace__wanted[0])), [g] "r"(goroutine), [x] "r"(a), \
			   [y] "r"(b), [z] "r"(c)                                                                  \
			 : "memory")

#define X(name)                                                                                                    \
	__attribute__((noinline, cold)) void trace__##name(uint64_t goroutine, uint64_t a, uint64_t b, uint64_t c) \
	{                                                                                                          \
		struct record r = { 0, { goroutine, a, b, c }, WEFT_EVENT_##name };                                \
		int64_t ns = 0;                                                                                    \
		struct teller *t = begin(&ns);                                                                     \
                                                                                                                   \
		if (!t)                                                                                            \
			return;                                                                                    \
		PROBE(name, goroutine, a, b, c);                                                                   \
		end(t, ns, &r);                                                                                    \
	}
WEFT_EVENTS(X)
#undef X

/* ---- the log's beginning and end ---- */

void trace__start(void)
{
	path = getenv("WEFT_TRACE");
	if (!path || !*path)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		os__say("WEFT_TRACE=%s: %s; there will be no log", path, strerror(errno));
		return;
	}
	atomic_store(&room_left, env__number("WEFT_TRACE_EVENTS", DEFAULT_EVENTS, 1, INT_MAX));
	for (int i = 0; i < WEFT_N_EVENTS; i++)
		atomic_fetch_or(&trace__wanted[i], LOGGED);
}

void trace__thread(void)
{
	teller__mine();
}

void trace__only_me(void)
{
	atomic_store(&only, teller__mine());
	for (struct teller *t = atomic_load(&tellers); t; t = t->next)
		while (get_acquire(&t->busy))
			sched_yield();
	/* what was lost before is counted; the end itself is not to be */
	if (atomic_load(&room_left) < 1)
		atomic_store(&room_left, 1);
}

struct output {
	char text[64 * 1024];
	size_t n;
	int err;
};

static void flush(struct output *o)
{
	for (size_t done = 0; done < o->n && !o->err;) {
		ssize_t n = write(fd, o->text + done, o->n - done);

		if (n >= 0)
			done += n;
		else if (errno != EINTR)
			o->err = errno;
	}
	o->n = 0;
}

static void put_number(struct output *o, uint64_t x, char after)
{
	char digits[20];
	int n = 0;

	do
		digits[n++] = '0' + x % 10;
	while (x /= 10);
	while (n)
		o->text[o->n++] = digits[--n];
	o->text[o->n++] = after;
}

static void put_text(struct output *o, const char *text)
{
	size_t len = strlen(text);

	memcpy(o->text + o->n, text, len);
	o->n += len;
}

static void put_record(struct output *o, pid_t tid, const struct record *r)
{
	static const char *const names[] = {
#define X(name) #name " ",
		WEFT_EVENTS(X)
#undef X
	};

	/* the longest line: seven numbers and a name */
	if (o->n > sizeof(o->text) - 256)
		flush(o);
	put_number(o, r->ns, ' ');
	put_number(o, tid, ' ');
	put_text(o, names[r->event]);
	for (int i = 0; i < 4; i++)
		put_number(o, r->numbers[i], i < 3 ? ' ' : '\n');
}

static const struct record *teller__next(struct teller *t)
{
	while (t->chunk && t->at == t->chunk->n) {
		t->chunk = t->chunk->next;
		t->at = 0;
	}
	return t->chunk ? &t->chunk->records[t->at] : NULL;
}

/* Who has the earliest record left. *until_ns: when the next one's is */
static struct teller *earliest(int64_t *until_ns)
{
	struct teller *best = NULL;
	int64_t best_ns = INT64_MAX;

	*until_ns = INT64_MAX;
	for (struct teller *t = tellers; t; t = t->next) {
		const struct record *r = teller__next(t);

		if (!r)
			continue;
		if (!best || r->ns < best_ns) {
			*until_ns = best_ns;
			best_ns = r->ns;
			best = t;
		} else if (r->ns < *until_ns) {
			*until_ns = r->ns;
		}
	}
	return best;
}

static void write_log(struct output *o)
{
	struct teller *t;
	uint64_t lost = 0;
	int64_t until_ns;

	for (t = tellers; t; t = t->next) {
		lost += t->lost;
		t->chunk = t->first;
	}
	put_text(o, "# weft log 1: ns tid event goroutine a b c; lost ");
	put_number(o, lost, '\n');
	if (lost)
		os__say("WEFT_TRACE=%s: %llu events were lost; see WEFT_TRACE_EVENTS", path, (unsigned long long)lost);
	while ((t = earliest(&until_ns))) {
		const struct record *r = teller__next(t);

		do {
			put_record(o, t->tid, r);
			t->at++;
			r = teller__next(t);
		} while (r && r->ns <= until_ns && !o->err);
		if (o->err)
			break;
	}
	flush(o);
}

void trace__end(void)
{
	static struct output output;

	atomic_store(&only, &nobody);
	if (fd < 0)
		return;
	write_log(&output);
	if (close(fd) && !output.err)
		output.err = errno;
	if (output.err)
		os__say("cannot write WEFT_TRACE=%s: %s; the log is not whole", path, strerror(output.err));
	fd = -1;
}
