// SPDX-License-Identifier: BSD-2-Clause
/*
 * touch FILE: page faults in known numbers. Says "ready PID" and waits for a line. Then each of THREADS threads touches
 * PAGES new pages and ends; a child writes to as many that it shares with its parent; FILE, as large, is mapped and
 * read, from the disk if the kernel lets go of it. Says "child MINOR MAJOR", as the kernel counts the child's, and
 * "done", and waits for a line again.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, PAGES = 4096, PAGE = 4096 };

static char *map(int flags, int fd)
{
	char *at = mmap(NULL, PAGES * PAGE, fd < 0 ? PROT_READ | PROT_WRITE : PROT_READ, flags, fd, 0);

	if (at == MAP_FAILED)
		err(1, "mmap");
	madvise(at, PAGES * PAGE, MADV_NOHUGEPAGE);
	madvise(at, PAGES * PAGE, MADV_RANDOM);
	return at;
}

static void write_to(volatile char *at)
{
	for (int i = 0; i < PAGES; i++)
		at[i * PAGE] = 1;
}

static void *thread(void *unused)
{
	write_to(map(MAP_PRIVATE | MAP_ANONYMOUS, -1));
	return NULL;
}

static void child(char *shared)
{
	pid_t pid = fork();
	struct rusage used;

	if (!pid) {
		write_to(shared);
		_exit(0);
	}
	if (pid < 0 || wait4(pid, NULL, 0, &used) != pid)
		err(1, "child");
	printf("child %ld %ld\n", used.ru_minflt, used.ru_majflt);
}

static void read_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	volatile char *at;

	if (fd < 0 || ftruncate(fd, PAGES * PAGE) || posix_fallocate(fd, 0, PAGES * PAGE) || fsync(fd))
		err(1, "%s", path);
	posix_fadvise(fd, 0, PAGES * PAGE, POSIX_FADV_DONTNEED);
	at = map(MAP_SHARED, fd);
	for (int i = 0; i < PAGES; i++)
		(void)at[i * PAGE];
	close(fd);
}

int main(int argc, char **argv)
{
	char *shared = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	pthread_t threads[THREADS];

	if (argc != 2)
		errx(2, "usage: touch FILE");
	setvbuf(stdout, NULL, _IONBF, 0);
	write_to(shared);
	printf("ready %d\n", getpid());
	getchar();
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread, NULL))
			errx(1, "pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	child(shared);
	read_file(argv[1]);
	printf("done\n");
	getchar();
	return 0;
}
