// SPDX-License-Identifier: BSD-2-Clause

// becomes N [wait | leader|thread PROGRAM N ...]: makes N collections, says so, and waits for a line or becomes the next
// program, by its first thread or by another one. The last one says how often its goroutines waited to run, as its runtime
// counts it (one in eight).
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
)

func init() { runtime.LockOSThread() }

// some hundreds of waits
func work() {
	done := make(chan bool)
	for i := 0; i < 4; i++ {
		go func() {
			for n := 0; n < 2000; n++ {
				runtime.Gosched()
			}
			done <- true
		}()
	}
	for i := 0; i < 4; i++ {
		<-done
	}
}

func main() {
	args := os.Args[1:]
	if len(args) == 2 && strings.Contains(args[1], "/") { // a script's interpreter: its path comes last
		args = args[:1]
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		panic(err)
	}
	for i := 0; i < n; i++ {
		runtime.GC()
	}
	fmt.Println("collections", n)
	if len(args) == 2 && args[1] == "wait" {
		os.Stdin.Read(make([]byte, 1))
		return
	}
	if len(args) < 4 {
		work()
		waits := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
		metrics.Read(waits)
		sum := uint64(0)
		for _, n := range waits[0].Value.Float64Histogram().Counts {
			sum += n
		}
		fmt.Println("waits", sum)
		return
	}
	become := func() { panic(syscall.Exec(args[2], args[2:], os.Environ())) }
	if args[1] == "leader" {
		become()
	}
	go func() {
		runtime.LockOSThread()
		become()
	}()
	select {}
}
