// SPDX-License-Identifier: BSD-2-Clause

// Package main is what alloc.go, switch.go and http.go share: each is built with it (go build alloc.go measure.go).
//
//	ready PID         it is at rest
//	run (a line in)   it works for a while, and prints
//	                  {"ops":...,"seconds":...,"cpu_seconds":...,"p50_ns":...,"p99_ns":...}
//	trace             the same, under the runtime's own execution tracer
//	(end of input)    it ends
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/trace"
	"sort"
	"sync"
	"syscall"
	"time"
)

var (
	duration = flag.Duration("d", time.Second, "how long a round takes")
	procs    = flag.Int("procs", 0, "GOMAXPROCS, where it is to be other than the machine has CPUs")
)

// most times that a worker notes down in a round; beyond, every second is left out, then every fourth, ...
const room = 1 << 16

// measure has each worker of steps do batch operations at a time. A time is that of a batch by operation.
func measure(batch int, steps []func(n int)) {
	flag.Parse()
	if *procs > 0 {
		runtime.GOMAXPROCS(*procs)
	}
	times := make([][]int64, len(steps))
	for i := range times {
		times[i] = make([]int64, 0, room)
	}
	in := bufio.NewScanner(os.Stdin)
	fmt.Printf("ready %d\n", os.Getpid())
	for in.Scan() {
		if in.Text() == "trace" {
			if err := trace.Start(io.Discard); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		round(batch, steps, times)
		if in.Text() == "trace" {
			trace.Stop()
		}
	}
}

func round(batch int, steps []func(n int), times [][]int64) {
	var wg sync.WaitGroup
	ops := make([]int64, len(steps))
	cpu := cpuSeconds()
	begin := time.Now()
	for i := range steps {
		i := i
		wg.Add(1)
		go func() {
			defer wg.Done()
			own, every := times[i][:0], 1
			for k := 0; ; k++ {
				before := time.Now()
				if before.Sub(begin) >= *duration {
					break
				}
				steps[i](batch)
				ops[i] += int64(batch)
				if k%every == 0 {
					own = append(own, int64(time.Since(before))/int64(batch))
				}
				if len(own) == room {
					for j := 0; j < room/2; j++ {
						own[j] = own[2*j]
					}
					own, every = own[:room/2], 2*every
				}
			}
			times[i] = own
		}()
	}
	wg.Wait()
	seconds := time.Since(begin).Seconds()
	cpu = cpuSeconds() - cpu
	var total int64
	var all []int64
	for i := range steps {
		total += ops[i]
		all = append(all, times[i]...)
	}
	if len(all) == 0 {
		fmt.Fprintln(os.Stderr, "not one operation was done")
		os.Exit(1)
	}
	sort.Slice(all, func(a, b int) bool { return all[a] < all[b] })
	fmt.Printf("{\"ops\":%d,\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"p50_ns\":%d,\"p99_ns\":%d}\n", total, seconds, cpu,
		all[len(all)/2], all[len(all)*99/100])
}

// cpuSeconds is of this process, in user mode and in the kernel: what runs beside it on the machine is not in it.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
