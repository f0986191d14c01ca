// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const nap = time.Millisecond

// Goroutines that compute without a call, beside one that naps again and again and measures how late it runs. They end
// when it has done so for long enough; where it is not let to, as with GODEBUG=asyncpreemptoff=1, after as many rounds
// as that time should take.
func preempt(o *options, r *result) error {
	tasks := o.parallel()
	rounds := spinsFor(o.duration().Nanoseconds())
	var late []int64
	s := r.span("all", func() int64 {
		late = napBeside(tasks, rounds, o.duration().Nanoseconds())
		return int64(len(late))
	})
	r.add("tasks", tasks)
	r.add("duration_ns", o.duration().Nanoseconds())
	r.add("elapsed_ns", s.ns())
	r.add("samples", s.N)
	r.add("async_preemption", asyncPreemption())
	r.quantiles("late", late)
	return nil
}

func napBeside(tasks int, rounds, duration int64) (late []int64) {
	var stop, computing uint32
	computing = uint32(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			spin(rounds, &stop)
			atomic.AddUint32(&computing, ^uint32(0))
		}()
	}
	for begin := now(); atomic.LoadUint32(&computing) > 0 && now()-begin < duration; {
		due := now() + nap.Nanoseconds()
		time.Sleep(nap)
		late = append(late, now()-due)
	}
	atomic.StoreUint32(&stop, 1)
	for atomic.LoadUint32(&computing) > 0 {
		time.Sleep(nap)
	}
	return late
}

func asyncPreemption() bool {
	for _, setting := range strings.Split(os.Getenv("GODEBUG"), ",") {
		if setting == "asyncpreemptoff=1" {
			return false
		}
	}
	return true
}
