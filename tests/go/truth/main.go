// SPDX-License-Identifier: BSD-2-Clause

// truth does a known amount of what a Go runtime does, and says how much it was: by its own counting, and by what the
// runtime says of itself.
//
//	ready PID       it is at rest; a profiler attaches
//	(a line in)     it works
//	{...}           one line: the truth of that work, and of nothing else
//	(a line in)     it ends
//
// From the first snapshot until the work, and from the last until the end, nothing is allocated, no goroutine is made
// and the world is not stopped. So whatever reads its memory in these two rests reads what the snapshots say.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

// amounts of work; set by flags, scaled down for the rehearsal
type amounts struct {
	cycles, allocs, goroutines, pingpongs, gosched, sleeps, syscalls, others, depth, cgoCalls int
}

var todo = amounts{
	cycles: 12, allocs: 100000, goroutines: 2000, pingpongs: 150000, gosched: 150000, sleeps: 100,
	syscalls: 20000, others: 3, depth: 2000, cgoCalls: 5000,
}

func main() {
	rounds := flag.Int("rounds", 1, "do all of it `N` times")
	procs := flag.Int("procs", 2, "GOMAXPROCS")
	flag.IntVar(&todo.cycles, "cycles", todo.cycles, "garbage collections, set off by allocation")
	flag.IntVar(&todo.allocs, "allocs", todo.allocs, "objects of each of the known sizes")
	flag.IntVar(&todo.goroutines, "goroutines", todo.goroutines, "goroutines created")
	flag.IntVar(&todo.pingpongs, "pingpongs", todo.pingpongs, "round trips over channels")
	flag.IntVar(&todo.gosched, "gosched", todo.gosched, "calls of runtime.Gosched")
	flag.IntVar(&todo.sleeps, "sleeps", todo.sleeps, "times that a goroutine sleeps")
	flag.IntVar(&todo.syscalls, "syscalls", todo.syscalls, "system calls")
	flag.IntVar(&todo.others, "others", todo.others, "stops of the world for each reason but collection")
	flag.IntVar(&todo.depth, "depth", todo.depth, "depth of recursion: grows stacks")
	flag.IntVar(&todo.cgoCalls, "cgo-calls", todo.cgoCalls, "calls into C, where there is C")
	flag.Parse()

	runtime.GOMAXPROCS(*procs)
	debug.SetGCPercent(100)
	openNull()
	rehearse()

	in := make([]byte, 64)
	out := make([]byte, 0, 1<<20)
	ready := []byte(fmt.Sprintf("ready %d\n", os.Getpid()))
	var before, after snapshot
	before.prepare()
	after.prepare()
	settle()

	done = counts{}
	before.take(false)
	say(ready)
	await(in)
	runtime.ReadMemStats(&after.mem)
	done.memStats++
	atRest(&before.mem, &after.mem)
	for i := 0; i < *rounds; i++ {
		work(&todo)
	}
	after.take(true)
	out = appendTruth(out, &before, &after)
	say(out)
	await(in)

	runtime.ReadMemStats(&before.mem)
	atRest(&after.mem, &before.mem)
	if min := done.knownBytes; after.said.bytes < min || after.said.objects < done.knownObjects {
		fmt.Fprintf(os.Stderr, "truth: allocated %d bytes, knows of %d\n", after.said.bytes, min)
		os.Exit(5)
	}
}

// atRest ends the program where something was allocated in a rest: then what it says is no truth. The runtime does it
// once in a while, for its own purposes; to be tried again.
func atRest(before, after *runtime.MemStats) {
	if before.TotalAlloc == after.TotalAlloc && before.NumGC == after.NumGC {
		return
	}
	fmt.Fprintf(os.Stderr, "truth: %d bytes allocated and %d collections in what was to be a rest\n",
		after.TotalAlloc-before.TotalAlloc, after.NumGC-before.NumGC)
	os.Exit(3)
}

// rehearse makes all threads, workers and caches that the work needs, so that their making is in no figure.
func rehearse() {
	small := todo
	for _, n := range []*int{&small.allocs, &small.goroutines, &small.pingpongs, &small.gosched, &small.sleeps,
		&small.syscalls, &small.cgoCalls} {
		*n = *n/20 + min(*n, 1)
	}
	small.cycles = min(small.cycles, 2)
	small.others = min(small.others, 1)
	makeThreads()
	work(&small)
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func say(line []byte) {
	for len(line) > 0 {
		n, err := syscall.Write(1, line)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			os.Exit(4)
		}
		line = line[n:]
	}
}

// await reads a line; at the end of input there is nobody left to work for.
func await(buf []byte) {
	for {
		n, err := syscall.Read(0, buf)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			os.Exit(4)
		}
		if buf[n-1] == '\n' {
			return
		}
	}
}
