// SPDX-License-Identifier: BSD-2-Clause
/*
 * A C program with Go in it, told by lines what to do: "load FILE", "collect N", "leave" (its first thread ends, the
 * others go on). Answers each by a line. With -DLINKED the library is part of it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef LINKED
void Prepare(void);
int Collect(int n);
static void (*prepare)(void) = Prepare;
static int (*collect)(int) = Collect;
#else
static void (*prepare)(void);
static int (*collect)(int);
#endif

static void load(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!lib) {
		puts(dlerror());
		exit(1);
	}
	prepare = dlsym(lib, "Prepare");
	collect = dlsym(lib, "Collect");
}

static void *serve(void *first)
{
	char line[4096];
	pthread_t thread;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "load ", 5)) {
			load(line + 5);
			prepare();
			puts("loaded");
		} else if (!strncmp(line, "collect ", 8)) {
			printf("%d\n", collect(atoi(line + 8)));
		} else if (!strcmp(line, "leave") && first) {
			if (pthread_create(&thread, NULL, serve, NULL))
				exit(1);
			puts("left");
			fflush(stdout);
			pthread_exit(NULL);
		}
		fflush(stdout);
	}
	exit(0);
}

int main(void)
{
	if (prepare)
		prepare();
	puts("ready");
	fflush(stdout);
	serve("first");
}
