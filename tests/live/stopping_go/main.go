// SPDX-License-Identifier: BSD-2-Clause

// stopping_go [CMD ARG...]: waits for a line, then asks for a stop of the world that never comes about, since a thread
// runs on without a safepoint. With CMD that thread calls exec at the next line, else it runs until it is killed.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"
)

var (
	looping uint32
	input   = struct { // struct pollfd
		fd             int32
		events, occurs int16
	}{0, 1 /* POLLIN */, 0}
	atOnce syscall.Timespec
)

// endless is never preempted: GODEBUG has asyncpreemptoff=1. The line is left to the program in its place.
//
//go:noinline
func endless(path *byte, argv, envp **byte) {
	atomic.StoreUint32(&looping, 1)
	for n := uint32(1); ; n++ {
		if n&0xfffff != 0 || path == nil {
			continue
		}
		syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&input)), 1, uintptr(unsafe.Pointer(&atOnce)), 0, 0, 0)
		if input.occurs != 0 {
			syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(path)),
				uintptr(unsafe.Pointer(argv)), uintptr(unsafe.Pointer(envp)))
		}
	}
}

func main() {
	runtime.LockOSThread()
	argv, _ := syscall.SlicePtrFromStrings(os.Args[1:])
	envp, _ := syscall.SlicePtrFromStrings(os.Environ())
	fmt.Println("ready", os.Getpid())
	bufio.NewReader(os.Stdin).ReadString('\n')
	go endless(argv[0], &argv[0], &envp[0])
	for atomic.LoadUint32(&looping) == 0 {
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
}
