/* SPDX-License-Identifier: BSD-2-Clause */
/* Long work that nobody waits for runs behind everything else. */
#ifndef TARE_BEHIND_H
#define TARE_BEHIND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct behind {
	bool active, ended;
	pthread_t self, watcher;
	pid_t tid;
	int policy;	  /* the caller's, before */
	uint64_t turn_ns; /* the same, once it is changed */
	pthread_mutex_t lock;
	pthread_cond_t end;
};

/*
 * Until behind__end() the calling thread runs only when nobody else wants the CPU, and any waking task takes it at
 * once; if that leaves it next to nothing, it runs as before, but in short turns. No effect without CAP_SYS_NICE: there
 * would be no way back. Not for work on another process, which might have to wait for a lock held here.
 */
void behind__begin(struct behind *b);
void behind__end(struct behind *b);

#endif /* TARE_BEHIND_H */
