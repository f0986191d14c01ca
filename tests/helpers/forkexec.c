// SPDX-License-Identifier: BSD-2-Clause
/*
 * forkexec CHILDREN: waits for a line on its input; then forks CHILDREN
 * children, each of which runs "true", waits for each, and at last becomes
 * "head -n 1" by exec, called from a thread that is not its first. So the
 * recorder sees forks, execs, ends, and a process whose first thread is replaced.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void *become(void *arg)
{
	execlp("head", "head", "-n", "1", (char *)NULL);
	perror("forkexec: head");
	_exit(1);
}

int main(int argc, char **argv)
{
	int children = argc > 1 ? atoi(argv[1]) : 0, status;
	pthread_t id;
	char c;

	printf("ready %d\n", getpid());
	fflush(stdout);
	if (read(STDIN_FILENO, &c, 1) != 1)
		return 1;
	for (int i = 0; i < children; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("forkexec: fork");
			return 1;
		}
		if (!pid) {
			execlp("true", "true", (char *)NULL);
			_exit(1);
		}
		if (waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	if (pthread_create(&id, NULL, become, NULL))
		return 1;
	pthread_join(id, NULL);
	return 1;
}
