// SPDX-License-Identifier: BSD-2-Clause
/*
 * Spends SECONDS of CPU time on known things in turn, and knows by its own CPU clock how much on each. Prints them, in
 * ns, and what getrusage() says of the whole process:
 *
 *     shares SECONDS
 *
 * With WEFT it allocates by the runtime weft, whose collector may run in any of its threads.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#ifdef WEFT
#include "heap.h"
#include "weft.h"
#endif

#define NOINLINE __attribute__((noinline, noclone))
#define MIB	 (1ul << 20)

static volatile unsigned long sink;

static unsigned long cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ul + t.tv_nsec;
}

NOINLINE static void loops(void)
{
	unsigned long x = sink;

	for (int i = 0; i < 2000000; i++)
		x = x * 6364136223846793005ul + i;
	sink = x;
}

#ifdef WEFT
struct node {
	struct node *left, *right;
};

static const uint64_t pointers = 3;
static const struct weft_type type = { "node", sizeof(struct node), 2, &pointers };

static struct node *tree(int depth)
{
	struct node *n = weft_new(&type);

	if (depth) {
		WEFT_SET(&n->left, tree(depth - 1));
		WEFT_SET(&n->right, tree(depth - 1));
	}
	return n;
}

/* All is collected before this returns. */
NOINLINE static void allocates(void)
{
	sink = tree(13)->left != NULL;
	weft_gc();
}
#else
NOINLINE static void allocates(void)
{
	void *all[64];

	for (int k = 0; k < 400; k++) {
		for (int i = 0; i < 64; i++)
			all[i] = malloc(100 + 50 * (i % 8));
		for (int i = 0; i < 64; i++)
			free(all[(i * 7) % 64]);
	}
}
#endif

/* A system call of the program's own. */
NOINLINE static void reads(void)
{
	static char buf[64 << 10];
	static int fd = -1;

	if (fd < 0)
		fd = open("/dev/zero", O_RDONLY);
	for (int i = 0; i < 150; i++)
		if (read(fd, buf, sizeof(buf)) < 0)
			abort();
}

static char *mapped;

NOINLINE static void touches(void)
{
	for (unsigned long at = 0; at < 2 * MIB; at += 4096)
		mapped[at] = 1;
}

NOINLINE static void maps(void)
{
	/* neighbours with other rights are not merged: work for the kernel */
	for (int i = 0; i < 512; i++)
		if (mprotect(mapped + i * 4096ul, 4096, i % 2 ? PROT_READ | PROT_WRITE : PROT_READ))
			abort();
	munmap(mapped, 2 * MIB);
}

NOINLINE static void map(void)
{
	mapped = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mapped == MAP_FAILED)
		abort();
	madvise(mapped, 2 * MIB, MADV_NOHUGEPAGE);
}

static int spends(void *seconds)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} all[] = {
		{ "loops", loops }, { "allocates", allocates }, { "reads", reads },
		{ "maps", map },    { "touches", touches },	{ "maps", maps },
	};
	unsigned long spent[6] = { 0 }, until = cpu() + atof(seconds) * 1e9;
	struct rusage r;

	while (cpu() < until) {
		for (int i = 0; i < 6; i++) {
			unsigned long from = cpu();

			all[i].run();
			spent[i] += cpu() - from;
		}
	}
	getrusage(RUSAGE_SELF, &r);
	printf("{\"loops\":%lu,\"allocates\":%lu,\"reads\":%lu,\"maps\":%lu,\"touches\":%lu,\"all\":%lu}\n", spent[0],
	       spent[1], spent[2], spent[3] + spent[5], spent[4],
	       (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000000ul +
		       (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000ul);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
#ifdef WEFT
	return weft_main(spends, argv[1]);
#else
	return spends(argv[1]);
#endif
}
