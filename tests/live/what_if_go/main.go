// SPDX-License-Identifier: BSD-2-Clause

// what_if allocates a fixed amount beside a live heap of a kind, so that only the collector's settings tell one run from
// another.
//
//	ready PID   the live heap is there, and has been collected
//	(a line in) it allocates
//	{...}       what that cost, by the kernel's account and the runtime's; the heap's peak
package main

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
)

type node struct {
	left, right *node
	payload     [2]uint64
}

func grow(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: grow(depth - 1), right: grow(depth - 1)}
}

type entry struct {
	key  int
	text string
}

var sink interface{}

// Each kind makes its live heap, and then one step of work, which allocates about a MB and leaves as much live.
var kinds = map[string]func() func(){
	"map": func() func() { // small objects
		live := make(map[int]*entry)
		random := rand.New(rand.NewSource(1))
		for i := 0; i < 500000; i++ {
			live[i] = &entry{i, string(make([]byte, 40))}
		}
		return func() {
			for i := 0; i < 10000; i++ {
				k := random.Intn(len(live))
				live[k] = &entry{k, string(make([]byte, 40+k%40))}
			}
		}
	},
	"buffers": func() func() { // large, without pointers
		live := make([][]byte, 80)
		for i := range live {
			live[i] = make([]byte, 1<<20)
		}
		at := 0
		return func() {
			live[at] = make([]byte, 1<<20)
			for i := 0; i < len(live[at]); i += 64 {
				live[at][i] = 1
			}
			at = (at + 1) % len(live)
		}
	},
	"tree": func() func() { // pointers only
		live := make([]*node, 64)
		for i := range live {
			live[i] = grow(14)
		}
		at := 0
		return func() {
			live[at] = grow(14)
			at = (at + 1) % len(live)
		}
	},
}

func cpuNs() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

type account struct {
	cpu, mark, idleMark, busy int64
	cycles                    uint32
}

func read() (a account) {
	names := []string{"gc/mark/assist", "gc/mark/dedicated", "gc/mark/idle", "total", "idle"}
	s := make([]metrics.Sample, len(names))
	for i := range names {
		s[i].Name = "/cpu/classes/" + names[i] + ":cpu-seconds"
	}
	runtime.GC() // brings them up to date
	metrics.Read(s)
	ns := func(i int) int64 { return int64(s[i].Value.Float64() * 1e9) }
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return account{cpuNs(), ns(0) + ns(1), ns(2), ns(3) - ns(4), m.NumGC}
}

func main() {
	kind := flag.String("kind", "map", "of live heap: map, buffers or tree")
	profile := flag.String("profile", "", "write a CPU profile of the work to `FILE`")
	steps := flag.Int("steps", 1000, "of work, each of a MB")
	flag.Parse()

	step := kinds[*kind]()
	for i := 0; i < 300; i++ { // settles
		step()
	}
	// the goal of each cycle: what the heap may reach
	var peak, cycles uint64
	var watch func()
	watch = func() {
		g := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
		metrics.Read(g)
		atomic.AddUint64(&peak, g[0].Value.Uint64())
		atomic.AddUint64(&cycles, 1)
		runtime.SetFinalizer(&node{}, func(*node) { watch() })
	}
	var line [16]byte
	debug.FreeOSMemory()
	before := read()
	fmt.Printf("ready %d\n", os.Getpid())
	os.Stdin.Read(line[:])
	watch()
	if *profile != "" {
		file, err := os.Create(*profile)
		if err != nil {
			panic(err)
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			panic(err)
		}
	}
	for i := 0; i < *steps; i++ {
		step()
	}
	pprof.StopCPUProfile()
	goal := atomic.LoadUint64(&peak) / atomic.LoadUint64(&cycles)
	after := read()
	runtime.KeepAlive(step) // or the last collection finds nothing live
	fmt.Printf(`{"cpu_ns":%d,"mark_ns":%d,"idle_mark_ns":%d,"busy_ns":%d,"cycles":%d,"peak_bytes":%d}`+"\n",
		after.cpu-before.cpu, after.mark-before.mark, after.idleMark-before.idleMark, after.busy-before.busy,
		after.cycles-before.cycles, goal)
	os.Stdin.Read(line[:])
}
