// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"runtime"
	"sync/atomic"
)

// Two goroutines. "yield": each gives way n times, on one P, as there is nobody to give way to otherwise. "chan": a
// token goes to and fro n times through two unbuffered channels. "thread": the same, with each bound to a thread of its
// own, so that the kernel has to switch.
func pingpong(o *options, r *result) error {
	var s span
	if o.mode == "yield" {
		runtime.GOMAXPROCS(1)
		s = r.span("all", func() int64 { return yieldOften(o.n) })
	} else {
		var wrong int64
		s = r.span("all", func() int64 { return handOver(o.n, o.mode == "thread", &wrong) })
		if wrong != 0 {
			fatal("pingpong: %d tokens were others than those sent", wrong)
		}
	}
	r.add("n", o.n)
	r.add("elapsed_ns", s.ns())
	r.add("switches", s.N)
	r.add("ns_per_switch", s.nsPerOp())
	return nil
}

func yieldOften(n int64) int64 {
	parallel(2, func(int) {
		for i := int64(0); i < n; i++ {
			runtime.Gosched()
		}
	})
	return 2 * n
}

func handOver(n int64, ownThread bool, wrong *int64) int64 {
	there, back := make(chan int64), make(chan int64)
	parallel(2, func(index int) {
		if ownThread {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
		}
		for i := int64(0); i < n; i++ {
			var token int64
			if index == 0 {
				there <- i
				token = <-back
			} else {
				token = <-there
				back <- token
			}
			if token != i {
				atomic.AddInt64(wrong, 1)
			}
		}
	})
	return 2 * n
}
