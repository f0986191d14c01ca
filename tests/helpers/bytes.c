// SPDX-License-Identifier: BSD-2-Clause
/*
 * bytes FILE: memory of each kind, in known amounts, all touched: MALLOC bytes in small blocks, half of them by a
 * thread with an arena of its own; a large block; a stack; pages without a name; FILE mapped; shared memory; and what
 * is only reserved. Says "ready PID", then "NAME BYTES" for each, "rss BYTES" as the kernel tells it of itself, and
 * sleeps until a line comes.
 */
#include <err.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MIB = 1 << 20,
	BLOCK = 1000,
	BLOCKS = 10 * MIB / BLOCK, /* by each of the two */
	LARGE = 32 * MIB,
	STACK = 2 * MIB,
	PLAIN = 24 * MIB,
	SHARED = 6 * MIB,
	RESERVED = 512 * MIB,
};

static pthread_barrier_t all_there;
static void *keep[2 * BLOCKS];

static void allocate(void **to)
{
	for (int i = 0; i < BLOCKS; i++) {
		to[i] = malloc(BLOCK);
		if (!to[i])
			err(1, "malloc");
		memset(to[i], 1, BLOCK);
	}
}

static void *thread(void *unused)
{
	volatile char stack[STACK];

	allocate(keep + BLOCKS);
	for (size_t i = 0; i < sizeof(stack); i += 1024)
		stack[i] = 1;
	pthread_barrier_wait(&all_there);
	pause();
	return NULL;
}

static void *map(size_t bytes, int flags, int fd)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at == MAP_FAILED)
		err(1, "mmap");
	return at;
}

static unsigned long vm_rss(void)
{
	char status[4096], *rss;
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, status, sizeof(status) - 1);

	close(fd);
	status[n > 0 ? n : 0] = '\0';
	rss = strstr(status, "VmRSS:");
	return rss ? strtoul(rss + 6, NULL, 10) * 1024 : 0;
}

/* What it has from the system, in arenas and in large blocks: the last ones told are of all together. */
static unsigned long malloc_has(void)
{
	static const char in_arenas[] = "<system type=\"current\" size=\"", large[] = "<total type=\"mmap\" count=\"";
	unsigned long bytes = 0;
	char *text, *at;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f || malloc_info(0, f) || fclose(f))
		err(1, "malloc_info");
	for (at = text; (at = strstr(at, in_arenas)); at += strlen(in_arenas))
		bytes = strtoul(at + strlen(in_arenas), NULL, 10);
	at = strstr(text, large);
	at = at ? strstr(at, "size=\"") : NULL;
	bytes += at ? strtoul(at + strlen("size=\""), NULL, 10) : 0;
	free(text);
	return bytes;
}

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDWR) : -1;
	volatile char sum = 0;
	struct stat st;
	pthread_t id;
	char *at, c;

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", argc > 1 ? argv[1] : "bytes FILE");
	pthread_barrier_init(&all_there, NULL, 2);
	if (pthread_create(&id, NULL, thread, NULL))
		errx(1, "pthread_create");
	allocate(keep);
	at = malloc(LARGE);
	if (!at)
		err(1, "malloc");
	memset(at, 1, LARGE);
	memset(map(PLAIN, MAP_PRIVATE | MAP_ANONYMOUS, -1), 1, PLAIN);
	memset(map(SHARED, MAP_SHARED | MAP_ANONYMOUS, -1), 1, SHARED);
	map(RESERVED, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	at = map(st.st_size, MAP_PRIVATE, fd);
	for (off_t i = 0; i < st.st_size; i += 1024)
		sum += at[i];
	pthread_barrier_wait(&all_there);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready %d\n", getpid());
	printf("blocks %d\nlarge %d\nstack %d\nplain %d\nshared %d\nfile %ld\n", 2 * BLOCKS * BLOCK, LARGE, STACK,
	       PLAIN, SHARED, (long)st.st_size);
	printf("malloc_info %lu\n", malloc_has());
	printf("rss %lu\n", vm_rss());
	printf("rss %lu\n", vm_rss());
	return read(0, &c, 1) < 0;
}
