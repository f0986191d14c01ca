// SPDX-License-Identifier: BSD-2-Clause

// page_go allocates and pauses for a while, keeps a heap profile, and has a thread with a name that a careless page would
// run.
package main

import (
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const setName = 15 // PR_SET_NAME, <linux/prctl.h>

type node struct {
	left, right *node
	payload     [4]uint64
}

func growTree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: growTree(depth - 1), right: growTree(depth - 1)}
}

func work(until time.Time, name string, done *sync.WaitGroup) {
	defer done.Done()
	bytes := append([]byte(name), 0)
	if len(name) > 0 {
		runtime.LockOSThread()
		syscall.RawSyscall(syscall.SYS_PRCTL, setName, uintptr(unsafe.Pointer(&bytes[0])), 0)
	}
	for time.Now().Before(until) {
		runtime.KeepAlive(growTree(12))
		time.Sleep(100 * time.Microsecond)
	}
}

func main() {
	until := time.Now().Add(2 * time.Second)
	var done sync.WaitGroup
	done.Add(3)
	for _, name := range []string{"<img src=x>", "</script>", ""} {
		go work(until, name, &done)
	}
	for time.Now().Before(until) {
		time.Sleep(50 * time.Millisecond)
		runtime.GC()
	}
	done.Wait()
	_ = pprof.Lookup("heap") // or the linker leaves the profile out
}
