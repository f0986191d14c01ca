// SPDX-License-Identifier: BSD-2-Clause
/*
 * frames WHAT: something with a shape of stack that is hard to follow, for test_unwind, which runs it instruction by
 * instruction. Built without frame pointers.
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))

static volatile long sink;

static APART long leaf(long a, long b)
{
	sink += a;
	return a * b + sink;
}

static APART void call_leaf(void)
{
	sink += leaf(3, 4);
}

static APART long recursion(long depth)
{
	return depth ? recursion(depth - 1) + leaf(depth, 3) : leaf(1, 2);
}

/* The stack pointer moves by what is only known at run time. */
static APART long with_alloca(long bytes)
{
	char *p = alloca(bytes);

	memset(p, 1, bytes);
	sink += p[bytes / 2];
	return recursion(2) + p[0];
}

/* The compiler aligns the stack and keeps its old place in a register. */
static APART long realigned(long n)
{
	char buf[n];
	double v[8] __attribute__((aligned(64)));

	memset(v, 0, sizeof(v));
	memset(buf, 0, n);
	sink += ((long)v & 63) + buf[n - 1];
	return with_alloca(n) + (long)v[1];
}

static APART long many_arguments(long a, long b, long c, long d, long e, long f, long g, long h, long i)
{
	return a + leaf(b + c + d, e + f + g) + h * i;
}

static int compare(const void *a, const void *b)
{
	sink++;
	return *(const int *)a - *(const int *)b;
}

/* From here through the C library and back. */
static APART long sorted(void)
{
	int values[6] = { 5, 2, 6, 1, 3, 4 };

	qsort(values, 6, sizeof(int), compare);
	return values[2];
}

static void cleaned(int *p)
{
	sink += leaf(*p, 1);
}

/* With what a language with exceptions has in its tables. */
static APART long with_cleanup(void)
{
	int kept __attribute__((cleanup(cleaned))) = 4;

	return recursion(1) + kept;
}

static APART __attribute__((noreturn)) void leave(void)
{
	leaf(1, 1);
	_exit(0);
}

static APART __attribute__((noreturn)) void leave_through(long n)
{
	sink += n;
	leave(); /* the last instruction: its return address is in no function, or in the next one */
}

/* Code that no table tells of, with a frame pointer; it calls what it is given. */
static APART void generated(void)
{
#if defined(__x86_64__)
	static const unsigned char code[] = {
		0xf3, 0x0f, 0x1e, 0xfa, /* endbr64 */
		0x55,			/* push %rbp */
		0x48, 0x89, 0xe5,	/* mov %rsp,%rbp */
		0x48, 0x83, 0xec, 0x20, /* sub $32,%rsp */
		0xff, 0xd7,		/* call *%rdi */
		0xc9,			/* leave */
		0xc3,			/* ret */
	};
	void (*run)(void (*called)(void)) =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(run, code, sizeof(code));
	run(call_leaf);
	sink += leaf(1, 1);
#endif
}

static void on_signal(int sig)
{
	sink += recursion(1);
}

static APART void with_signal(int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };
	stack_t stack = { .ss_size = 65536, .ss_sp = malloc(65536) };

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	sink += leaf(2, 2);
}

static void plain(void)
{
	recursion(5);
	with_alloca(100);
	realigned(70);
	many_arguments(1, 2, 3, 4, 5, 6, 7, 8, 9);
	sorted();
	with_cleanup();
	/* the first call of each goes through the linker */
	sink += strtol("12", NULL, 10) + snprintf((char[32]){ 0 }, 32, "%ld %s", sink, "x");
	leave_through(1);
}

static void signals(void)
{
	with_signal(0);
}

static void signal_stack(void)
{
	with_signal(SA_ONSTACK);
}

static APART void stop_here(void)
{
	printf("%d\n", gettid());
	fflush(stdout);
	pause();
}

static APART void *in_thread(void *unused)
{
	stop_here();
	return NULL;
}

static void thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, in_thread, NULL);
	pthread_join(t, NULL);
}

#if defined(__x86_64__)
/* What threads of a runtime's own return to: right behind the first instruction of something that never called. */
void made_up_end(void);
__asm__(".text\n"
	".type made_up_end, @function\n"
	"made_up_end:\n"
	".cfi_startproc\n"
	"nop\n"
	"ud2\n"
	".cfi_endproc\n");

static void made_up(void)
{
	char *top = (char *)aligned_alloc(4096, 65536) + 65536 - 4096;
	void *back = (char *)made_up_end + 1;

	top -= sizeof(back); /* as after a call */
	memcpy(top, &back, sizeof(back));
	__asm__ volatile("mov %0, %%rsp\n\tjmp *%1" : : "r"(top), "r"(stop_here) : "memory");
}
#else
static void made_up(void)
{
}
#endif

static APART long deep(long n)
{
	char room[200];

	memset(room, n, sizeof(room));
	sink += room[n % 200];
	if (!n)
		stop_here();
	return n ? deep(n - 1) + room[1] : 0;
}

static void not_so_deep(void)
{
	deep(15);
}

static void very_deep(void)
{
	deep(500);
}

enum { STEPPED = 4 }; /* so many of these begin where the test takes over */

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} all[] = {
		{ "plain", plain },	 { "generated", generated },
		{ "signals", signals },	 { "signal-stack", signal_stack },
		{ "thread", thread },	 { "made-up", made_up },
		{ "deep", not_so_deep }, { "very-deep", very_deep },
	};

	for (unsigned i = 0; argc == 2 && i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strcmp(argv[1], all[i].name)) {
			if (i < STEPPED)
				raise(SIGSTOP);
			all[i].run();
			_exit(0); /* what ends a program has no tables */
		}
	}
	return 2;
}
