// SPDX-License-Identifier: BSD-2-Clause
/*
 * antagonist hog CPU nice|fifo|idle RUN_NS PAUSE_NS
 * antagonist server DELAY_NS
 * antagonist fault-server DELAY_NS
 *
 * What tests/truth/antagonist.h offers, for programs in other languages: descriptor 3 is the shared memory, 4 what
 * pokes come from, 5 the socket or the userfaultfd.
 */
#include "../truth/antagonist.c"

#include <sys/wait.h>

static enum hog_policy policy(const char *name)
{
	return !strcmp(name, "nice") ? HOG_NICE : !strcmp(name, "fifo") ? HOG_FIFO : HOG_IDLE;
}

int main(int argc, char **argv)
{
	world__attach(3, 4);
	if (argc == 6 && !strcmp(argv[1], "hog")) {
		pid_t pid = antagonist__hog(atoi(argv[2]), policy(argv[3]), atoll(argv[4]), atoll(argv[5]));

		close(4);
		return waitpid(pid, NULL, 0) != pid;
	}
	if (argc == 3 && !strcmp(argv[1], "server"))
		antagonist__serve(5, atoll(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "fault-server"))
		antagonist__serve_faults(5, atoll(argv[2]));
	fprintf(stderr, "antagonist: what?\n");
	return 2;
}
