/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What native-bench's scenarios, native_NAME.c, have at hand: memory that is freed when its owner goes, and threads.
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <pthread.h>
#include <stdlib.h>

#include "result.h"

/* As malloc() and calloc(); end the process with a message where there is no memory */
void *native__alloc(size_t bytes);
void *native__alloc_zeroed(size_t n, size_t bytes);

/* A thread with a stack of stack_bytes (0: the system's choice). Ends the process with a message where it can't */
pthread_t native__thread(void *(*fn)(void *arg), void *arg, size_t stack_bytes);
/* The same, but returns 0 or what pthread_create() says */
int native__try_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg, size_t stack_bytes);
void native__join(pthread_t thread);
size_t native__stack_bytes(const struct options *options); /* modes large and small */

/* Switches of this process's threads until now: they waited, or were taken off the CPU */
void native__switches(int64_t *voluntary, int64_t *involuntary);
void native__run_on_one_cpu(void);
void native__run_on_cpu_of(int64_t task); /* this thread: tasks 0, 1, .. take turns at the CPUs that it may use */
void native__sleep(int64_t ns);

#endif
