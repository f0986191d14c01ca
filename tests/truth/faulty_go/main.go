// SPDX-License-Identifier: BSD-2-Clause

// faulty_go KIND [--control] [--rounds N] [--log FILE] [--quota FOLDER] does to Go's world what tests/truth/faulty.c
// does to weft's, and writes the same log. HELPER in the environment is the program build/helpers/antagonist.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

const staleNs = 200000

type round struct {
	request, stopped          int64
	start, endLo, endHi       int64
	stragglerDelay, initDelay int64
	beat                      int64
	less                      int64 // of that time so much was not the fault's
	straggler, initiator      int
}

var (
	stragglerCPU, initiatorCPU int
	quotaFolder                string
	helper                     = os.Getenv("HELPER")
	current                    round
	what                       *kind
	control                    bool
	ready, goOn, done          int32
)

// growStack: a goroutine whose stack is nearly full is not preempted.
//
//go:noinline
func growStack() (sum byte) {
	var room [16384]byte
	for i := range room {
		room[i] = byte(i)
		sum += room[i] ^ room[i/2]
	}
	return
}

func straggler(turn chan bool) {
	runtime.LockOSThread()
	sink += int(growStack())
	for range turn {
		current.straggler = gettid()
		pin(0, stragglerCPU)
		atomic.StoreInt32(&ready, 1)
		for atomic.LoadInt32(&goOn) == 0 {
		}
		what.inject(control)
		atomic.StoreInt32(&done, 1)
	}
}

// waitForFault returns when the straggler's heart was last seen to beat.
func waitForFault() int64 {
	patience := 100 * ms
	if control {
		patience = 20 * ms
	}
	t := now()
	end, beat, seen := t+patience, t, atomic.LoadUint64(&heart)
	for t < end {
		if h := atomic.LoadUint64(&heart); h != seen {
			seen, beat = h, now()
		}
		if what.stale {
			if t-beat > staleNs && seen != 0 {
				break
			}
		} else {
			if atomic.LoadInt32(&shared.inIt) != 0 {
				break
			}
			sleepNs(50000)
		}
		t = now()
	}
	return beat
}

func play() {
	r := &current
	r.initiator = gettid()
	pin(0, initiatorCPU)
	for _, tid := range threads() {
		if !what.fair {
			favour(tid, true)
		}
	}
	if what.before != nil {
		what.before(control)
	}
	straggler, initiator := runDelay(r.straggler), runDelay(r.initiator)
	atomic.StoreInt32(&goOn, 1)
	r.beat = waitForFault()
	r.request = now()
	if what.stop != nil {
		what.stop(control)
	} else {
		runtime.ReadMemStats(&memStats)
	}
	r.stopped = now()
	atomic.StoreInt32(&shared.enough, 1)
	r.stragglerDelay, r.initDelay = runDelay(r.straggler)-straggler, runDelay(r.initiator)-initiator
	for atomic.LoadInt32(&done) == 0 {
		sleepNs(ms / 2)
	}
	if what.after != nil {
		what.after(control)
	}
	r.start, r.endLo, r.endHi = shared.startNs, atomic.LoadInt64(&shared.endLoNs), atomic.LoadInt64(&shared.endHiNs)
	for _, tid := range threads() {
		if !what.fair {
			favour(tid, false)
		}
		pin(tid, -1)
	}
}

func begin() {
	current = round{}
	ready, goOn, done, heart = 0, 0, 0, 0
	shared.inIt, shared.running, shared.enough = 0, 0, 0
	shared.startNs, shared.endLoNs, shared.endHiNs = 0, 0, 0
}

func run(n int) (rounds []round) {
	turn := make(chan bool)
	runtime.LockOSThread()
	go straggler(turn)
	for i := 0; i < 3; i++ {
		sleepNs(5 * ms)
		runtime.ReadMemStats(&memStats)
	}
	for i := 0; i < n; i++ {
		begin()
		turn <- true
		for atomic.LoadInt32(&ready) == 0 {
			sleepNs(ms / 2)
		}
		play()
		rounds = append(rounds, current)
		sleepNs(5 * ms)
	}
	return
}

func writeLog(path string, rounds []round) {
	f, err := os.Create(path)
	if err != nil {
		die("log", err)
	}
	w := bufio.NewWriter(f)
	for _, r := range rounds {
		fmt.Fprintf(w, "request_ns %d stopped_ns %d restart_ns %d started_ns %d start_ns %d end_lo_ns %d end_hi_ns %d less_ns %d "+
			"straggler_delay_ns %d initiator_delay_ns %d straggler %d initiator %d kind %s cause %s detail %s where %s\n",
			r.request, r.stopped, r.stopped, r.stopped, r.start, r.endLo, r.endHi, r.less, r.stragglerDelay, r.initDelay,
			r.straggler, r.initiator, what.name, what.cause, what.detail, what.where)
	}
	for _, s := range shared.stretches[:shared.nStretches] {
		fmt.Fprintf(w, "hog %d %d\n", s[0], s[1])
	}
	if err := w.Flush(); err != nil {
		die("log", err)
	}
}

func find(name string) *kind {
	var names []string
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i]
		}
		names = append(names, kinds[i].name)
	}
	fmt.Fprintln(os.Stderr, "usage: faulty_go KIND [--control] [--rounds N] [--log FILE] [--quota FOLDER]\nKIND is one of:",
		strings.Join(names, " "))
	os.Exit(2)
	return nil
}

func main() {
	n, log := 20, "/dev/stdout"
	what = find(append(os.Args, "")[1])
	for i := 2; i < len(os.Args); i++ {
		switch os.Args[i] {
		case "--control":
			control = true
			continue
		case "--rounds":
			n, _ = strconv.Atoi(os.Args[i+1])
		case "--log":
			log = os.Args[i+1]
		case "--quota":
			quotaFolder = os.Args[i+1]
		default:
			find("")
		}
		i++
	}
	/* read by the runtime before main() */
	if what.noSignals && !control && os.Getenv("GODEBUG") == "" {
		os.Setenv("GODEBUG", "asyncpreemptoff=1")
		die("exec", syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
	}
	debug.SetGCPercent(-1)
	initiatorCPU, stragglerCPU = cpus()
	if initiatorCPU == stragglerCPU {
		fmt.Fprintln(os.Stderr, "faulty_go: there is only one CPU")
		os.Exit(3)
	}
	worldInit()
	calibrate()
	if what.setup != nil {
		what.setup(control)
	}
	fmt.Println("ready", os.Getpid())
	bufio.NewReader(os.Stdin).ReadString('\n')
	writeLog(log, run(n))
	helpersEnd()
}
