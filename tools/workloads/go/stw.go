// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Collections that are asked for while loops without calls run on other Ps. With GODEBUG=asyncpreemptoff=1 the world
// stops no sooner than those end.
func stw(o *options, r *result) error {
	tasks := o.parallel()
	if procs := tasks + 1; o.procs == 0 && runtime.GOMAXPROCS(0) < procs {
		runtime.GOMAXPROCS(procs)
	}
	rounds := spinsFor(o.duration().Nanoseconds())
	before := memStats().NumGC
	took := make([]int64, 0, o.n)
	s := r.span("all", func() int64 {
		for i := int64(0); i < o.n; i++ {
			took = append(took, collectBeside(tasks, rounds))
		}
		return o.n
	})
	after := memStats()
	r.add("n", o.n)
	r.add("tasks", tasks)
	r.add("duration_ns", o.duration().Nanoseconds())
	r.add("elapsed_ns", s.ns())
	r.add("async_preemption", asyncPreemption())
	r.quantiles("gc", took)
	r.pauses(before+1, &after)
	return nil
}

// Nanoseconds that the collection took
func collectBeside(tasks int, rounds int64) int64 {
	var never uint32
	var running int64
	var done sync.WaitGroup
	done.Add(tasks)
	for i := 0; i < tasks; i++ {
		go func() {
			atomic.AddInt64(&running, 1)
			spin(rounds, &never)
			done.Done()
		}()
	}
	for atomic.LoadInt64(&running) < int64(tasks) {
		runtime.Gosched()
	}
	begin := now()
	runtime.GC()
	took := now() - begin
	done.Wait()
	return took
}
