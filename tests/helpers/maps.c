// SPDX-License-Identifier: BSD-2-Clause
/*
 * maps ROUNDS PAUSE_US: memory calls in known numbers. Says "ready PID" and waits for a line. In each round it maps
 * SIZE, gives some of it back, moves it to twice as much, protects a page, unmaps it, unmaps something that cannot be,
 * and lets the heap grow by a page and shrink; then it sleeps. Says "done" and waits for a line again.
 *
 * maps huge ROUNDS: huge pages, if the kernel gives any. It touches HUGE bytes ROUNDS times. Says "huge FAULTS": how
 * many there were in all.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PAGE = 4096, SIZE = 1 << 20, HUGE = 64 << 20, HUGE_PAGE = 2 << 20 };

static void round_of_calls(void)
{
	char *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || madvise(at, 4 * PAGE, MADV_DONTNEED))
		err(1, "mmap");
	at = mremap(at, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	if (at == MAP_FAILED || mprotect(at, PAGE, PROT_READ) || munmap(at, 2 * SIZE))
		err(1, "mremap");
	if (!munmap((void *)1, PAGE))
		errx(1, "munmap");
	if (sbrk(PAGE) == (void *)-1 || sbrk(-PAGE) == (void *)-1)
		err(1, "sbrk");
}

__attribute__((noinline)) static void touch_huge(volatile char *at)
{
	for (int i = 0; i < HUGE; i += PAGE)
		at[i] = 1;
}

static void huge(int rounds)
{
	char *at = mmap(NULL, HUGE + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rusage used[2];

	if (at == MAP_FAILED)
		err(1, "mmap");
	at = (char *)(((unsigned long)at + HUGE_PAGE - 1) & -(unsigned long)HUGE_PAGE);
	madvise(at, HUGE, MADV_HUGEPAGE);
	getrusage(RUSAGE_SELF, &used[0]);
	for (int i = 0; i < rounds; i++) {
		touch_huge(at);
		if (i + 1 < rounds)
			madvise(at, HUGE, MADV_DONTNEED);
	}
	getrusage(RUSAGE_SELF, &used[1]);
	printf("huge %ld\n", used[1].ru_minflt - used[0].ru_minflt);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc == 3 && !strcmp(argv[1], "huge")) {
		huge(atoi(argv[2]));
		return 0;
	}
	if (argc != 3)
		errx(2, "usage: maps ROUNDS PAUSE_US | maps huge ROUNDS");
	printf("ready %d\n", getpid());
	getchar();
	for (int i = 0; i < atoi(argv[1]); i++) {
		round_of_calls();
		usleep(atoi(argv[2]));
	}
	printf("done\n");
	getchar();
	return 0;
}
