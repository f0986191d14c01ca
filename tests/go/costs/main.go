// SPDX-License-Identifier: BSD-2-Clause

// One kind of work, until the process has used so much CPU time. Then one line of JSON: the CPU seconds it used in all, those
// of them that it did sums itself, and what the runtime says of the time it knows of.
//
//	costs KIND SECONDS
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type node struct {
	left, right *node
	more        [2]*node
}

var (
	kept    *node
	small   *[3]int
	table   = map[int]*node{}
	numbers [1 << 16]uint64
	block   = make([]byte, 8<<20)
	large   []byte
	letters []rune
	own     time.Duration
)

// Of the process: user and system.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

//go:noinline
func sums() {
	for i := range numbers {
		numbers[i] = numbers[i]*6364136223846793005 + 1442695040888963407
	}
}

//go:noinline
func clears() {
	for i := range block {
		block[i] = 0
	}
}

// Small objects without pointers, each garbage at once.
//
//go:noinline
func allocates() {
	for i := 0; i < 1000; i++ {
		small = new([3]int)
	}
}

// Large blocks, which the runtime has to clear.
//
//go:noinline
func allocatesLarge() { large = make([]byte, 8<<20) }

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1)}
}

// A tree that stays is marked; the collection is complete when this returns.
//
//go:noinline
func marks() {
	if kept == nil {
		kept = tree(18)
	}
	runtime.GC()
}

// As much of the process's CPU time goes into collections as into sums, which nothing else runs beside.
func halves() {
	from := cpu()
	marks()
	at := cpu()
	for took := at - from; cpu()-at < took; {
		sums()
	}
	own += cpu() - at
}

// Two goroutines that hand a word to each other.
func switching() func() {
	there, back := make(chan int), make(chan int)
	go func() {
		for v := range there {
			back <- v
		}
	}()
	return func() {
		for i := 0; i < 1000; i++ {
			there <- i
			<-back
		}
	}
}

//go:noinline
func deep(n int) int {
	var room [64]int
	room[n%64] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + room[(n+1)%64]
}

// A new goroutine each time, whose stack must grow.
func grows() {
	done := make(chan int)
	go func() { done <- deep(500) }()
	<-done
}

func timers() {
	done := make(chan int)
	for i := 0; i < 100; i++ {
		time.AfterFunc(time.Duration(i)*time.Microsecond, func() { done <- 1 })
	}
	for i := 0; i < 100; i++ {
		<-done
	}
	t := time.NewTimer(time.Hour)
	t.Reset(time.Minute)
	t.Stop()
	time.Sleep(time.Microsecond)
}

// Over loopback, where each read waits for the poller.
func network() func() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		var b [64]byte
		for {
			n, err := c.Read(b[:])
			if err != nil {
				return
			}
			c.Write(b[:n])
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	return func() {
		var b [64]byte
		for i := 0; i < 100; i++ {
			if _, err := c.Write(b[:1]); err != nil {
				panic(err)
			}
			if _, err := c.Read(b[:]); err != nil {
				panic(err)
			}
		}
	}
}

// What is not in a program unless it is used.
func rest() {
	letters = []rune(os.Args[1])
	debug.FreeOSMemory()
	runtime.Gosched()
}

// The runtime's own account: of time, not of CPU time. It is as of the last collection.
func classes() map[string]float64 {
	var wanted []metrics.Sample
	for _, d := range metrics.All() {
		if strings.HasPrefix(d.Name, "/cpu/classes/") {
			wanted = append(wanted, metrics.Sample{Name: d.Name})
		}
	}
	all := map[string]float64{}
	if len(wanted) == 0 { // until Go 1.19
		return all
	}
	runtime.GC()
	metrics.Read(wanted)
	for _, s := range wanted {
		all[strings.TrimSuffix(strings.TrimPrefix(s.Name, "/cpu/classes/"), ":cpu-seconds")] = s.Value.Float64()
	}
	return all
}

func main() {
	always := func(f func()) func() func() { return func() func() { return f } }
	kinds := map[string]func() func(){
		"sums":    always(sums),
		"clears":  always(clears),
		"alloc":   always(allocates),
		"large":   always(allocatesLarge),
		"marks":   always(marks),
		"halves":  always(halves),
		"switch":  switching,
		"pull":    pull,
		"grows":   always(grows),
		"timers":  always(timers),
		"network": network,
		"rest":    always(rest),
	}
	if len(os.Args) != 3 || kinds[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: costs KIND SECONDS")
		os.Exit(2)
	}
	seconds, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		panic(err)
	}
	work := kinds[os.Args[1]]()
	for cpu().Seconds() < seconds {
		work()
	}
	line, err := json.Marshal(map[string]interface{}{
		"cpu": cpu().Seconds(), "own": own.Seconds(), "runtime": classes(), "version": runtime.Version()})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}
