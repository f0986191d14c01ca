/* SPDX-License-Identifier: BSD-2-Clause */
/* Long work that nobody waits for is done behind all others. */
#ifndef TARE_BEHIND_H
#define TARE_BEHIND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct behind {
	bool active, ended;
	pthread_t self, watcher;
	int policy; /* of the caller, before */
	pthread_mutex_t lock;
	pthread_cond_t end;
};

/*
 * From here to behind__end() the calling thread runs where nobody else wants the CPU, and whoever wakes up has it at
 * once; where that leaves it next to nothing, it runs as before. Without CAP_SYS_NICE nothing changes: there would be
 * no way back. Not for work on another process: it might be kept waiting for a lock that is held here.
 */
void behind__begin(struct behind *b);
void behind__end(struct behind *b);

#endif /* TARE_BEHIND_H */
