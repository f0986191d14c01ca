// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// counts is what the program itself knows that it did.
type counts struct {
	created      int64 // goroutines
	switches     int64 // times that a goroutine began to run again: created, woken, or yielded
	syscalls     int64
	cgoCalls     int64
	callbacks    int64
	profiles     int64 // stops of the world, by reason
	stacks       int64
	memStats     int64
	procs        int64
	heapDumps    int64
	knownBytes   uint64 // asked for by allocate(): a lower bound, since much else allocates too
	knownObjects uint64
}

var (
	done counts
	null *os.File
	live [][]byte // keeps the heap large enough that a collection is no matter of microseconds
	sink [4][]byte
	node *list
)

type list struct {
	next *list
	data [6]uintptr
}

func openNull() {
	var err error
	if null, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		panic(err)
	}
	for i := 0; i < 2048; i++ {
		live = append(live, make([]byte, 4096))
	}
	for i := 0; i < 50000; i++ {
		node = &list{next: node}
	}
}

func work(a *amounts) {
	allocate(a.allocs)
	collect(a.cycles)
	create(a.goroutines)
	pingpong(a.pingpongs)
	yield(a.gosched)
	sleep(a.sleeps)
	systemCalls(a.syscalls)
	stopTheWorld(a.others)
	deepen(a.depth)
	callC(a.cgoCalls)
	makeTimers()
	if a.cycles+a.allocs+a.depth > 0 {
		// Sweeping yields for each span, so with it nobody knows how many switches there were.
		settle()
	}
}

// settle ends all that a collection leaves to do: its sweep, and the scavenger's work. That one's timer may allocate
// some bytes long after (up to 1.22), so it is waited for until nothing does.
func settle() {
	var before, after runtime.MemStats
	runtime.GC()
	debug.FreeOSMemory()
	for i := 0; i < 20; i++ {
		runtime.ReadMemStats(&before)
		time.Sleep(50 * time.Millisecond)
		runtime.ReadMemStats(&after)
		done.memStats += 2
		done.switches++
		if i > 0 && before.TotalAlloc == after.TotalAlloc {
			break
		}
	}
}

// run makes a goroutine. It is to be waited for by a WaitGroup that counts 1.
func run(wg *sync.WaitGroup, f func()) {
	atomic.AddInt64(&done.created, 1)
	atomic.AddInt64(&done.switches, 1)
	wg.Add(1)
	go func() {
		defer wg.Done()
		f()
	}()
}

func wait(wg *sync.WaitGroup) {
	atomic.AddInt64(&done.switches, 1)
	wg.Wait()
}

var sizes = [...]int{8, 16, 48, 100, 512, 1024}

func allocate(n int) {
	for _, size := range sizes {
		for i := 0; i < n; i++ {
			sink[i&3] = make([]byte, size)
		}
		done.knownBytes += uint64(n) * uint64(size)
		if size >= 16 { // smaller ones share
			done.knownObjects += uint64(n)
		}
	}
	for i := 0; i < n/1000; i++ { // beyond the size classes
		sink[i&3] = make([]byte, 40<<10)
		done.knownBytes += 40 << 10
		done.knownObjects++
	}
}

// collect allocates from several goroutines until there were n more collections.
func collect(n int) {
	cycles := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(cycles)
	last := cycles[0].Value.Uint64() + uint64(n)
	if n == 0 {
		return
	}
	var stop int32
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		run(&wg, func() {
			var own *list
			for k := 0; atomic.LoadInt32(&stop) == 0; k++ {
				own = &list{next: own}
				if k%1000 == 0 {
					own = nil
				}
			}
		})
	}
	for {
		for i := 0; i < 1000; i++ {
			sink[i&3] = make([]byte, 1024)
		}
		metrics.Read(cycles)
		if cycles[0].Value.Uint64() >= last {
			break
		}
	}
	atomic.StoreInt32(&stop, 1)
	wait(&wg)
}

func create(n int) {
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		run(&wg, func() {})
		if i%100 == 99 {
			wait(&wg)
		}
	}
	wait(&wg)
}

// pingpong is on one P: there each side has to wait for the other, so each round trip is two switches. Elsewhere
// the two may run beside each other and find what they wait for already there.
func pingpong(n int) {
	procs := runtime.GOMAXPROCS(1)
	ping, pong := make(chan int), make(chan int)
	var wg sync.WaitGroup
	run(&wg, func() {
		for i := range ping {
			pong <- i
		}
	})
	for i := 0; i < n; i++ {
		ping <- i
		<-pong
	}
	done.switches += 2 * int64(n)
	close(ping)
	wait(&wg)
	runtime.GOMAXPROCS(procs)
	if procs != 1 { // else nothing was to be changed
		done.procs += 2
	}
}

func yield(n int) {
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		run(&wg, func() {
			for k := 0; k < n/4; k++ {
				runtime.Gosched()
			}
			atomic.AddInt64(&done.switches, int64(n/4))
		})
	}
	wait(&wg)
}

func sleep(n int) {
	var wg sync.WaitGroup
	for i := 0; i < 10; i++ {
		run(&wg, func() {
			for k := 0; k < n/10; k++ {
				time.Sleep(time.Millisecond)
			}
			atomic.AddInt64(&done.switches, int64(n/10))
		})
	}
	wait(&wg)
}

// makeTimers gives every P room for timers, or the scavenger's would be the first there and allocate in the rest.
func makeTimers() {
	var here int32
	var wg sync.WaitGroup
	procs := runtime.GOMAXPROCS(0)
	for i := 0; i < procs; i++ {
		run(&wg, func() {
			atomic.AddInt32(&here, 1)
			for atomic.LoadInt32(&here) < int32(procs) { // then each is on a P of its own
			}
			var timers [8]*time.Timer
			for k := range timers {
				timers[k] = time.AfterFunc(time.Hour, func() {})
			}
			for k := range timers {
				timers[k].Stop()
			}
		})
	}
	wait(&wg)
}

// makeThreads has more threads wait than the work ever will: then it makes none.
func makeThreads() {
	var wg sync.WaitGroup
	for i := 0; i < 12; i++ {
		run(&wg, func() {
			duration := syscall.NsecToTimespec(int64(20 * time.Millisecond))
			syscall.Nanosleep(&duration, nil)
		})
	}
	wait(&wg)
}

func systemCalls(n int) {
	for i := 0; i < n; i++ {
		syscall.Syscall(syscall.SYS_GETPPID, 0, 0, 0)
	}
	done.syscalls += int64(n)
}

// spin keeps every P busy while f stops the world, some of it in goroutines that have no safe point of their own.
func spin(f func()) {
	var stop int32
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		run(&wg, func() {
			for atomic.LoadInt32(&stop) == 0 {
			}
		})
	}
	f()
	atomic.StoreInt32(&stop, 1)
	wait(&wg)
}

func stopTheWorld(n int) {
	if n == 0 {
		return
	}
	var mem runtime.MemStats
	trace := make([]byte, 64<<10)
	spin(func() {
		records := make([]runtime.StackRecord, runtime.NumGoroutine()+100)
		for i := 0; i < n; i++ {
			runtime.ReadMemStats(&mem)
			runtime.Stack(trace, true)
			runtime.GoroutineProfile(records)
			debug.WriteHeapDump(null.Fd())
		}
	})
	done.memStats += int64(n)
	done.stacks += int64(n)
	done.profiles += int64(n)
	done.heapDumps += int64(n)
}

func deepen(depth int) {
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		run(&wg, func() {
			var frame [64]byte
			if recurse(depth, &frame) != depth {
				panic("recursion gave a wrong result")
			}
		})
	}
	wait(&wg)
}

//go:noinline
func recurse(depth int, caller *[64]byte) int {
	var frame [64]byte
	frame[depth&63] = caller[depth&63] + 1
	if depth == 0 {
		return 0
	}
	return recurse(depth-1, &frame) + 1
}
