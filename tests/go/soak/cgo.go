// SPDX-License-Identifier: BSD-2-Clause

//go:build withcgo

package main

/*
#include <pthread.h>

extern int goDown(int);

static inline int down(int n) { return n == 0 ? 0 : goDown(n) + 1; }

static inline void *thread(void *arg)
{
	int *n = arg;

	*n = goDown(*n);
	return 0;
}

static inline int from_thread(int n)
{
	pthread_t t;

	if (pthread_create(&t, 0, thread, &n) || pthread_join(t, 0))
		return -1;
	return n;
}
*/
import "C"

import "fmt"

var cWorkers = []*worker{{name: "calls", round: calls}, {name: "foreign", round: foreign}}

// goDown goes from Go to C and back, each time deeper, with the Go stack growing in between.
//
//export goDown
func goDown(n C.int) C.int {
	var frame [200]byte
	frame[int(n)%len(frame)] = byte(n)
	below := C.down(n - 1)
	if frame[int(n)%len(frame)] != byte(n) {
		panic("a frame was overwritten")
	}
	return below + 1
}

func calls() error {
	const depth = 50
	if n := C.down(depth); n != 2*depth {
		return fmt.Errorf("%d, should be %d", n, 2*depth)
	}
	return nil
}

// foreign threads come into Go, and end.
func foreign() error {
	const depth = 20
	if n := C.from_thread(depth); n != 2*depth-1 {
		return fmt.Errorf("%d, should be %d", n, 2*depth-1)
	}
	return nil
}
