// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"runtime"
	"time"
)

// Goroutines blocked on a channel, and what each takes. Spans: their start, and the time in which none of them runs.
func idle(o *options, r *result) error {
	runtime.GC()
	before, stacks := readStatus(), memStats().StackInuse
	var release func()
	s := r.span("start", func() int64 {
		release = blocked(o.n)
		return o.n
	})
	rest := r.span("idle", func() int64 {
		time.Sleep(o.duration())
		return o.n
	})
	after := readStatus()
	stacks = memStats().StackInuse - stacks
	release()
	r.add("n", o.n)
	r.add("duration_ns", o.duration().Nanoseconds())
	r.add("elapsed_ns", rest.End-s.Begin)
	r.add("start_ns", s.ns())
	r.add("stack_bytes", s.perOp(int64(stacks)))
	r.add("resident_bytes", after.resident)
	r.add("bytes_per_task", s.perOp(after.resident-before.resident))
	r.add("virtual_bytes_per_task", s.perOp(after.virtual-before.virtual))
	return nil
}
