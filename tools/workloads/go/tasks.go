// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"sync"
	"sync/atomic"
	"syscall"
)

// Runs f(0) .. f(n - 1), each in a goroutine of its own, and waits for all of them
func parallel(n int, f func(index int)) {
	var done sync.WaitGroup
	done.Add(n)
	for i := 0; i < n; i++ {
		go func(i int) {
			defer done.Done()
			f(i)
		}(i)
	}
	done.Wait()
}

// Starts n goroutines that block at once, and waits until all do, or nearly. They end when release is called, which
// waits for that.
func blocked(n int64) (release func()) {
	var started, done sync.WaitGroup
	never := make(chan struct{})
	for i := int64(0); i < n; i++ {
		started.Add(1)
		done.Add(1)
		go func() {
			started.Done()
			<-never
			done.Done()
		}()
	}
	started.Wait()
	return func() {
		close(never)
		done.Wait()
	}
}

// What task `index` of `tasks` is to do of n
func share(n int64, tasks, index int) int64 {
	each, rest := n/int64(tasks), n%int64(tasks)
	if int64(index) < rest {
		each++
	}
	return each
}

// splitmix64: a stream of its own for each state
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Results that nobody needs go here, so that the compiler may not leave out the work
var sink uint64

func keep(x uint64) { atomic.StoreUint64(&sink, x) }

// A loop in which there is nothing that could give way: no call, and so no check of the stack's bounds. Ends after
// `most` rounds, or when told to. Returns how many it were.
//
//go:noinline
func spin(most int64, stop *uint32) int64 {
	var i int64
	for i < most && atomic.LoadUint32(stop) == 0 {
		i++
	}
	return i
}

// How many rounds of spin() take that long, where nothing disturbs them
func spinsFor(ns int64) int64 {
	const rounds = 1000000
	var never uint32
	best := int64(1) << 62
	for i := 0; i < 10; i++ {
		begin := now()
		spin(rounds, &never)
		if took := now() - begin; took < best {
			best = took
		}
	}
	return int64(float64(ns) / float64(best) * rounds)
}

func threadID() int {
	id, _, _ := syscall.RawSyscall(syscall.SYS_GETTID, 0, 0, 0)
	return int(id)
}
