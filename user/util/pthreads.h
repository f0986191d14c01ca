/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARE_PTHREADS_H
#define TARE_PTHREADS_H

#include <pthread.h>

/* Start @run with @arg. Signals are the first thread's: this one takes none. Returns 0 or a negative errno. */
int pthreads__start(pthread_t *thread, void *(*run)(void *arg), void *arg);

/* A condition whose pthread_cond_timedwait() goes by CLOCK_MONOTONIC. */
void pthreads__cond(pthread_cond_t *cond);

#endif /* TARE_PTHREADS_H */
