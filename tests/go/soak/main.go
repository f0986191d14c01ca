// SPDX-License-Identifier: BSD-2-Clause

// soak does, all at once and again and again, what is delicate in a Go process that is being watched: stacks that move,
// goroutines by the thousand, panics and faults recovered, signals, threads that end, children, calls from C. Each
// worker checks its own results.
//
//	ready PID       it works already
//	(a line in)     it ends
//	{...}           rounds of each worker
//
// Exit status: 0 all was right, 1 something was wrong (said on standard error), 2 the runtime's own for a crash.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

type worker struct {
	name   string
	round  func() error
	rounds int64
}

var workers = []*worker{
	{name: "recursion", round: recursion},
	{name: "goroutines", round: goroutines},
	{name: "panics", round: panics},
	{name: "faults", round: faults},
	{name: "signals", round: signals},
	{name: "heap", round: heap},
	{name: "threads", round: threads},
	{name: "children", round: children},
	{name: "timers", round: timers},
	{name: "stops", round: stops},
	{name: "pipes", round: pipes},
}

func main() {
	var stop int32
	var wrong int32
	var wg sync.WaitGroup

	runtime.GOMAXPROCS(4)
	workers = append(workers, cWorkers...)
	for _, w := range workers {
		w := w
		wg.Add(1)
		go func() {
			defer wg.Done()
			for atomic.LoadInt32(&stop) == 0 {
				if err := w.round(); err != nil {
					fmt.Fprintf(os.Stderr, "soak: %s, round %d: %v\n", w.name, w.rounds, err)
					atomic.StoreInt32(&wrong, 1)
					return
				}
				atomic.AddInt64(&w.rounds, 1)
				time.Sleep(time.Millisecond) // beside others on the same machine
			}
		}()
	}
	for _, w := range workers { // each has worked, and no worker stands still from the beginning
		for atomic.LoadInt64(&w.rounds) == 0 && atomic.LoadInt32(&wrong) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	fmt.Printf("ready %d\n", os.Getpid())
	bufio.NewReader(os.Stdin).ReadString('\n')
	before := make([]int64, len(workers))
	for i, w := range workers {
		before[i] = atomic.LoadInt64(&w.rounds)
	}
	for i, w := range workers { // and none does at the end
		for atomic.LoadInt64(&w.rounds) == before[i] && atomic.LoadInt32(&wrong) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	atomic.StoreInt32(&stop, 1)
	wg.Wait()
	separator := "{"
	for _, w := range workers {
		fmt.Printf("%s\"%s\":%d", separator, w.name, w.rounds)
		separator = ","
	}
	fmt.Println("}")
	os.Exit(int(wrong))
}
