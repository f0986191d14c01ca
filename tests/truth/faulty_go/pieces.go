// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"syscall"
	"unsafe"
)

// Not one long thing, but many short ones.
const (
	touches = 600
	pieces  = 12
)

func setupTouch(bool) {
	big = pages(touches * pageBytes)
	if err := syscall.Madvise(big, syscall.MADV_NOHUGEPAGE); err != nil {
		die("madvise", err)
	}
}

func beforeTouch(control bool) {
	if err := syscall.Madvise(big, syscall.MADV_DONTNEED); err != nil && !control {
		die("madvise", err)
	}
}

// injectTouch computes, and every now and then has a page that is not there: a short fault.
func injectTouch(control bool) {
	begins()
	touch(big, perMs*int(faultNs/ms)/touches, control)
}

//go:nosplit
//go:noinline
func touch(b []byte, n int, control bool) {
	less := int64(0)
	for i := 0; i < len(b); i += pageBytes {
		if control {
			sink += loopWithoutSafepoint(n)
			continue
		}
		sink += loopWithoutSafepoint(n)
		start := now()
		b[i] = 1
		less += now() - start
	}
	current.less = less
	shared.endLoNs = now()
	shared.endHiNs = shared.endLoNs
}

// injectPieces is in one long system call after another. In the control Go is told of each.
func injectPieces(control bool) {
	begins()
	if control {
		for i := 0; i < bigBytes; i += bigBytes / pieces {
			syscall.Pwrite(int(file), big[i:i+bigBytes/pieces], 0)
		}
		shared.endLoNs = now()
		shared.endHiNs = shared.endLoNs
		return
	}
	heldPieces(uintptr(unsafe.Pointer(&big[0])))
}

//go:nosplit
//go:noinline
func heldPieces(from uintptr) {
	for i := uintptr(0); i < bigBytes; i += bigBytes / pieces {
		syscall.RawSyscall6(syscall.SYS_PWRITE64, file, from+i, bigBytes/pieces, 0, 0, 0)
	}
	shared.endLoNs = now()
	shared.endHiNs = shared.endLoNs
}
