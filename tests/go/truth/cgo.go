// SPDX-License-Identifier: BSD-2-Clause

//go:build withcgo

package main

/*
#include <pthread.h>

extern int goCallback(int);

static inline int add_one(int n) { return n + 1; }

static inline int call_back(int n) { return goCallback(n); }

static inline void *from_thread(void *arg)
{
	int i, *n = arg;

	for (i = 0; i < *n; i++)
		goCallback(i);
	return 0;
}

// a thread that the runtime did not make calls it
static inline int call_from_thread(int n)
{
	pthread_t thread;

	if (pthread_create(&thread, 0, from_thread, &n))
		return -1;
	return pthread_join(thread, 0);
}
*/
import "C"

//export goCallback
func goCallback(n C.int) C.int {
	done.callbacks++
	return n + 1
}

func callC(n int) {
	for i := 0; i < n; i++ {
		if C.add_one(C.int(i)) != C.int(i+1) {
			panic("C gave a wrong result")
		}
	}
	for i := 0; i < n/10; i++ {
		if C.call_back(C.int(i)) != C.int(i+1) {
			panic("the callback gave a wrong result")
		}
	}
	if C.call_from_thread(C.int(n/10)) != 0 {
		panic("no thread")
	}
	done.cgoCalls += int64(n + n/10 + 1)
}
