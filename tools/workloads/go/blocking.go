// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// Goroutines that block in a system call which the runtime cannot wait for by itself. Others run meanwhile, as it hands
// over the P: all take hardly longer than one. serial_ns is what they would take if each kept its P.
func blocking(o *options, r *result) error {
	tasks := o.parallel()
	s := r.span("all", func() int64 {
		parallel(tasks, func(int) {
			left := syscall.NsecToTimespec(o.duration().Nanoseconds())
			for errors.Is(syscall.Nanosleep(&left, &left), syscall.EINTR) {
			}
		})
		return int64(tasks)
	})
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	procs := int64(runtime.GOMAXPROCS(0))
	ideal := o.duration().Nanoseconds()
	r.add("n", tasks)
	r.add("tasks", tasks)
	r.add("duration_ns", ideal)
	r.add("elapsed_ns", s.ns())
	r.add("ideal_ns", ideal)
	r.add("serial_ns", (int64(tasks)+procs-1)/procs*ideal)
	r.add("threads", len(threads))
	return nil
}
