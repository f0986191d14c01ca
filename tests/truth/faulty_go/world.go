// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"unsafe"
)

const maxStretches = 65536

// world is struct world of tests/truth/antagonist.h.
type world struct {
	inIt, running, enough, thread, armed, _ int32
	startNs, endLoNs, endHiNs               int64
	nStretches, _                           int32
	stretches                               [maxStretches][2]int64
}

var (
	shared    *world
	worldFile *os.File
	pokeRead  *os.File
	pokeFd    uintptr
	nobody    [1]byte
)

func die(what string, err error) {
	fmt.Fprintf(os.Stderr, "faulty_go: %s: %v\n", what, err)
	os.Exit(1)
}

// now is no safepoint, and neither is what calls nothing else.
//
//go:nosplit
func now() int64 {
	var ts syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&ts)), 0)
	return int64(ts.Sec)*1e9 + int64(ts.Nsec)
}

func memfd(name string, size int64) *os.File {
	cname, _ := syscall.BytePtrFromString(name)
	fd, _, e := syscall.Syscall(sysMemfdCreate, uintptr(unsafe.Pointer(cname)), 1, 0)
	if e != 0 {
		die("memfd_create", e)
	}
	f := os.NewFile(fd, name)
	if err := f.Truncate(size); err != nil {
		die("ftruncate", err)
	}
	return f
}

func worldInit() {
	worldFile = memfd("world", int64(unsafe.Sizeof(world{})))
	mem, err := syscall.Mmap(int(worldFile.Fd()), 0, int(unsafe.Sizeof(world{})), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_SHARED|syscall.MAP_POPULATE)
	if err != nil {
		die("mmap", err)
	}
	shared = (*world)(unsafe.Pointer(&mem[0]))
	var w *os.File
	if pokeRead, w, err = os.Pipe(); err != nil {
		die("pipe", err)
	}
	pokeFd = w.Fd()
}

// poke is no safepoint.
//
//go:nosplit
func poke() {
	syscall.RawSyscall(syscall.SYS_WRITE, pokeFd, uintptr(unsafe.Pointer(&nobody)), 1)
}

// antagonist starts the helper of that name; extra is its descriptor 5.
func antagonist(extra *os.File, args ...string) {
	cmd := exec.Command(helper, args...)
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{worldFile, pokeRead}
	if extra != nil {
		cmd.ExtraFiles = append(cmd.ExtraFiles, extra)
	}
	if err := cmd.Start(); err != nil {
		die(helper, err)
	}
	helpers = append(helpers, cmd)
}

var helpers []*exec.Cmd

func helpersEnd() {
	for _, cmd := range helpers {
		cmd.Process.Kill()
		cmd.Wait()
	}
}

func gettid() int {
	return syscall.Gettid()
}

func pin(tid, cpu int) {
	var set [128]byte
	for i := range set {
		if cpu < 0 {
			set[i] = 0xff
		}
	}
	if cpu >= 0 {
		set[cpu/8] = 1 << (cpu % 8)
	}
	_, _, e := syscall.Syscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(tid), uintptr(len(set)), uintptr(unsafe.Pointer(&set)))
	if e != 0 && e != syscall.ESRCH {
		die("sched_setaffinity", e)
	}
}

func cpus() (first, last int) {
	var set [128]byte
	syscall.Syscall(syscall.SYS_SCHED_GETAFFINITY, 0, uintptr(len(set)), uintptr(unsafe.Pointer(&set)))
	first = -1
	for i := 0; i < len(set)*8; i++ {
		if set[i/8]>>(i%8)&1 == 1 {
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	return
}

// favour puts a thread before all others on the machine but a hog that is to be before it.
func favour(tid int, yes bool) {
	policy, priority := 0, int32(0)
	if yes {
		policy, priority = 1, 1
	}
	_, _, e := syscall.Syscall(sysSchedSetscheduler, uintptr(tid), uintptr(policy), uintptr(unsafe.Pointer(&priority)))
	if e != 0 && e != syscall.ESRCH {
		die("sched_setscheduler", e)
	}
}

func threads() (tids []int) {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		die("/proc/self/task", err)
	}
	for _, e := range entries {
		tid, _ := strconv.Atoi(e.Name())
		tids = append(tids, tid)
	}
	return
}

func runDelay(tid int) (waited int64) {
	var ran int64
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/schedstat", tid))
	if err != nil {
		die("schedstat", err)
	}
	fmt.Sscan(string(text), &ran, &waited)
	return
}

func sleepNs(ns int64) {
	ts := syscall.NsecToTimespec(ns)
	syscall.Nanosleep(&ts, nil)
}

func begins() {
	shared.startNs = now()
	atomic.StoreInt32(&shared.inIt, 1)
}
