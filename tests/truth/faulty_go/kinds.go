// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"
)

const (
	ms         = int64(1000000)
	faultNs    = 20 * ms
	bigBytes   = 96 << 20
	clearBytes = 256 << 20
	pageBytes  = 4096
	manyStacks = 15000
)

type kind struct {
	name, cause, detail, where string // as in tests/truth/faulty.h
	noSignals                  bool   // Go without asynchronous preemption
	setup                      func(control bool)
	before                     func(control bool) // by the initiator
	inject                     func(control bool) // by the straggler, locked to its thread
	stop                       func(control bool) // instead of runtime.ReadMemStats
	after                      func(control bool)
	stale, fair                bool
}

var (
	heart     uint64
	server    uintptr
	file      uintptr
	area, big []byte
	perMs     int
	memStats  runtime.MemStats
	stacks    []byte
	throttled int64
	sink      int
)

// loopWithoutSafepoint can only be preempted by signal.
//
//go:noinline
func loopWithoutSafepoint(n int) int {
	x := 0
	for i := 0; i < n; i++ {
		x += i ^ x<<1
	}
	return x
}

func calibrate() {
	best := int64(1 << 62)
	for i := 0; i < 20; i++ {
		start := now()
		sink += loopWithoutSafepoint(1000000)
		if took := now() - start; took < best {
			best = took
		}
	}
	perMs = int(1000000 * ms / best)
}

//go:noinline
func beat(bool) {
	for end := now() + 300*ms; atomic.LoadInt32(&shared.enough) == 0 && now() < end; {
		for i := 0; i < 20000 && atomic.LoadInt32(&shared.enough) == 0; i++ {
			atomic.AddUint64(&heart, 1)
		}
	}
}

func hogArgs(cpu int, policy string, control bool, runNs, pauseNs int64) []string {
	if control {
		policy = "idle"
	}
	return []string{"hog", fmt.Sprint(cpu), policy, fmt.Sprint(runNs), fmt.Sprint(pauseNs)}
}

func setupHogFifo(control bool) {
	antagonist(nil, hogArgs(stragglerCPU, "fifo", control, 5*ms, 5*ms)...)
}

func setupHogInitiator(control bool) {
	antagonist(nil, hogArgs(initiatorCPU, "fifo", control, faultNs, 0)...)
}

func setupServer(bool) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		die("socketpair", err)
	}
	antagonist(os.NewFile(uintptr(pair[1]), "server"), "server", fmt.Sprint(faultNs))
	syscall.Close(pair[1])
	syscall.CloseOnExec(pair[0])
	server = uintptr(pair[0])
}

// injectBlocked holds its P; in the control Go is told of the call.
func injectBlocked(control bool) {
	if control {
		syscall.Syscall(syscall.SYS_WRITE, server, uintptr(unsafe.Pointer(&nobody)), 1)
		syscall.Syscall(syscall.SYS_READ, server, uintptr(unsafe.Pointer(&nobody)), 1)
		return
	}
	blocked()
}

//go:nosplit
//go:noinline
func blocked() {
	syscall.RawSyscall(syscall.SYS_WRITE, server, uintptr(unsafe.Pointer(&nobody)), 1)
	syscall.RawSyscall(syscall.SYS_READ, server, uintptr(unsafe.Pointer(&nobody)), 1)
}

func afterServed(bool) {
	for end := now() + 60*ms; atomic.LoadInt64(&shared.endHiNs) == 0 && now() < end; {
		sleepNs(ms / 10)
	}
}

func pages(bytes int) []byte {
	mem, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		die("mmap", err)
	}
	return mem
}

func setupFault(control bool) {
	api := [3]uint64{0xaa}
	area = pages(pageBytes)
	register := [4]uint64{uint64(uintptr(unsafe.Pointer(&area[0]))), pageBytes, 1}
	fd, _, e := syscall.Syscall(sysUserfaultfd, syscall.O_CLOEXEC, 0, 0)
	if e == 0 {
		_, _, e = syscall.Syscall(syscall.SYS_IOCTL, fd, 0xc018aa3f, uintptr(unsafe.Pointer(&api)))
	}
	if e == 0 {
		_, _, e = syscall.Syscall(syscall.SYS_IOCTL, fd, 0xc020aa00, uintptr(unsafe.Pointer(&register)))
	}
	if e != 0 {
		die("userfaultfd", e)
	}
	delay := faultNs
	if control {
		delay = 0
	}
	antagonist(os.NewFile(fd, "userfaultfd"), "fault-server", fmt.Sprint(delay))
	big = make([]byte, 64)
}

func beforeFault(bool) {
	if err := syscall.Madvise(area, syscall.MADV_DONTNEED); err != nil {
		die("madvise", err)
	}
	atomic.StoreInt32(&shared.armed, 1)
}

// injectFault faults in runtime.memmove, which is not preempted.
func injectFault(bool) {
	copy(area, big)
}

func setupKernel(bool) {
	big = pages(bigBytes)
	for i := range big {
		big[i] = 1
	}
	f := memfd("faulty", bigBytes)
	file = f.Fd()
	syscall.Pwrite(int(file), big, 0)
}

func injectKernel(control bool) {
	begins()
	if control {
		syscall.Pwrite(int(file), big, 0)
		shared.endLoNs = now()
		shared.endHiNs = shared.endLoNs
		return
	}
	heldPwrite(uintptr(unsafe.Pointer(&big[0])))
}

//go:nosplit
//go:noinline
func heldPwrite(from uintptr) {
	syscall.RawSyscall6(syscall.SYS_PWRITE64, file, from, bigBytes, 0, 0, 0)
	shared.endLoNs = now()
	shared.endHiNs = shared.endLoNs
}

func injectLoop(control bool) {
	begins()
	held(perMs * int(faultNs/ms))
}

//go:nosplit
//go:noinline
func held(n int) {
	sink += loopWithoutSafepoint(n)
	shared.endLoNs = now()
	shared.endHiNs = shared.endLoNs
}

func setupClear(bool) {
	big = pages(clearBytes)
	for i := range big {
		big[i] = 1
	}
}

// injectClear is in runtime.memclrNoHeapPointers; in the control by so little at a time that it can be preempted.
func injectClear(control bool) {
	begins()
	if control {
		for i := 0; i < len(big); i += 8192 {
			clearBig(big[i : i+8192])
		}
	} else {
		clearBig(big)
	}
	shared.endLoNs = now()
	shared.endHiNs = shared.endLoNs
}

//go:nosplit
func clearBig(b []byte) {
	for i := range b {
		b[i] = 0
	}
}

const sigurgMask = uint64(1) << 22

//go:nosplit
func maskUrgent(how uintptr) {
	mask := sigurgMask
	syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, how, uintptr(unsafe.Pointer(&mask)), 0, 8, 0, 0)
}

func injectMasked(control bool) {
	if !control {
		maskUrgent(0)
	}
	begins()
	masked(perMs*int(faultNs/ms), control)
}

//go:nosplit
//go:noinline
func masked(n int, control bool) {
	sink += loopWithoutSafepoint(n)
	shared.endLoNs = now()
	if !control {
		maskUrgent(1)
	}
	shared.endHiNs = now()
}

// injectInitiator stands in the way until the initiator sleeps, and lets it go when there is a hog on its CPU.
func injectInitiator(bool) {
	maskUrgent(0)
	begins()
	untilHog()
}

//go:nosplit
//go:noinline
func untilHog() {
	for end := now() + 3*ms; now() < end; {
	}
	poke()
	for end := now() + 60*ms; atomic.LoadInt32(&shared.running) == 0 && now() < end; {
	}
	shared.startNs = now()
	maskUrgent(1)
}

func setupStacks(bool) {
	stacks = make([]byte, 64<<20)
	for i := range stacks {
		stacks[i] = 1
	}
	never := make(chan int)
	for i := 0; i < manyStacks; i++ {
		go func() { <-never }()
	}
}

// injectWatch looks for the time in which it did not run: while the world stood.
func injectWatch(control bool) {
	last := now()
	atomic.StoreInt32(&shared.inIt, 1)
	for atomic.LoadInt32(&shared.enough) == 0 {
		for i := 0; i < 20000; i++ {
			atomic.AddUint64(&heart, 1) // here it can be stopped
		}
		t := now()
		if t-last > shared.endHiNs-shared.startNs {
			shared.startNs, shared.endLoNs, shared.endHiNs = last, t, t
		}
		last = t
	}
}

// All goroutines' stacks are written down while the world stands. The control writes one's as often.
func stopForStacks(control bool) {
	if !control {
		runtime.Stack(stacks, true)
		return
	}
	for i := 0; i < manyStacks; i++ {
		runtime.Stack(stacks, false)
	}
	runtime.ReadMemStats(&memStats)
}

func threadsFile(folder string) string {
	if _, err := os.Stat(folder + "/cgroup.threads"); err == nil {
		return folder + "/cgroup.threads"
	}
	return folder + "/tasks"
}

func throttledNs() int64 {
	text, err := os.ReadFile(quotaFolder + "/quota/cpu.stat")
	if err != nil {
		die("cpu.stat", err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		var key string
		var n int64
		fmt.Sscan(line, &key, &n)
		switch key {
		case "throttled_time":
			return n
		case "throttled_usec":
			return n * 1000
		}
	}
	return 0
}

func moveTo(folder string) {
	if err := os.WriteFile(threadsFile(folder), []byte(fmt.Sprint(current.straggler)), 0); err != nil {
		die(folder, err)
	}
}

func beforeThrottled(bool) {
	moveTo(quotaFolder + "/quota")
	throttled = throttledNs()
}

func afterThrottled(bool) {
	shared.startNs = current.beat
	shared.endLoNs = current.beat + throttledNs() - throttled
	shared.endHiNs = shared.endLoNs
	moveTo(quotaFolder)
}

func beforePoke(bool) { poke() }

var kinds = []kind{
	{name: "runqueue-fifo", cause: "runqueue", detail: "hog", where: "stopping", setup: setupHogFifo, before: beforePoke,
		inject: beat, stale: true},
	{name: "throttled", cause: "throttled", detail: "-", where: "off", before: beforeThrottled, inject: beat,
		after: afterThrottled, stale: true, fair: true},
	{name: "fault", cause: "fault", detail: "0x", where: "off", noSignals: true, setup: setupFault, before: beforeFault,
		inject: injectFault, after: afterServed},
	{name: "fault-signals", cause: "fault", detail: "0x", where: "interrupted", setup: setupFault, before: beforeFault,
		inject: injectFault, after: afterServed},
	{name: "blocked", cause: "blocked", detail: "read", where: "off", noSignals: true, setup: setupServer,
		inject: injectBlocked, after: afterServed},
	{name: "kernel", cause: "kernel", detail: "pwrite64", where: "cpu", setup: setupKernel, inject: injectKernel},
	{name: "user", cause: "user", detail: "loopWithoutSafepoint", where: "cpu", noSignals: true, inject: injectLoop},
	{name: "user-touch", cause: "user", detail: "-", where: "cpu", noSignals: true, setup: setupTouch,
		before: beforeTouch, inject: injectTouch},
	{name: "kernel-pieces", cause: "kernel", detail: "pwrite64", where: "cpu", setup: setupKernel, inject: injectPieces},
	{name: "user-clear", cause: "user", detail: "memclrNoHeapPointers", where: "cpu", setup: setupClear, inject: injectClear},
	{name: "signal", cause: "signal", detail: "loopWithoutSafepoint", where: "cpu", inject: injectMasked},
	{name: "initiator", cause: "runqueue", detail: "hog", where: "initiator", setup: setupHogInitiator,
		inject: injectInitiator},
	{name: "runtime", cause: "runtime", detail: "-", where: "work", setup: setupStacks, inject: injectWatch,
		stop: stopForStacks},
}
