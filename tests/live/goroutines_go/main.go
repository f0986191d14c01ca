// SPDX-License-Identifier: BSD-2-Clause

// Goroutines parked in known ways, in known numbers:
//
//	goroutines RECEIVERS PAIRS
//
// Then commands on standard input, each answered by a line: "count" (runtime.NumGoroutine), "dump FILE" (as
// /debug/pprof/goroutine?debug=2), "pauses" (how often the world was stopped so far), "gc", "more N" (as many receivers),
// "busy N" (as many that run all the time, and others that come and go), "end".
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	selects   = 100
	mutexes   = 50
	sleeps    = 40
	groups    = 25
	conds     = 15
	timers    = 20
	reads     = 30
	calls     = 3
	recursive = 60
	depth     = 30

	leftDepth  = 20
	rightDepth = 33
)

var (
	never  = make(chan int)
	closed = make(chan int)
	spins  int
	l      net.Listener
)

//go:noinline
func receiver(c chan int) { <-c }

//go:noinline
func selecter(a, b chan int) {
	select {
	case <-a:
	case b <- 1:
	}
}

//go:noinline
func locker(m *sync.Mutex) {
	m.Lock()
	defer m.Unlock()
}

//go:noinline
func sleeper() { time.Sleep(time.Hour) }

//go:noinline
func timer() { <-time.After(time.Hour) }

//go:noinline
func waiter(wg *sync.WaitGroup) { wg.Wait() }

//go:noinline
func conder(c *sync.Cond) {
	c.L.Lock()
	c.Wait()
}

//go:noinline
func reader(c net.Conn) {
	var b [1]byte
	c.Read(b[:])
}

//go:noinline
func caller(fd int) {
	var b [1]byte
	syscall.Read(fd, b[:])
}

//go:noinline
func recurse(n int) int {
	if n == 0 {
		return <-never
	}
	return recurse(n-1) + inlined(n)
}

func inlined(n int) int {
	if n < 0 {
		<-never
	}
	return n
}

func viaInlined() { inlined(-1) }

// It waits in a deferred function, above a call that the kernel's signal made for it.
//
//go:noinline
func faulter(p *int) {
	defer func() { <-never }()
	*p = 1
}

//go:noinline
func player(in, out chan int) {
	for v := range in {
		out <- v + 1
	}
}

func park(receivers, pairs int) {
	var m sync.Mutex
	var wg sync.WaitGroup
	cond := sync.NewCond(new(sync.Mutex))
	m.Lock()
	wg.Add(1)
	for i := 0; i < receivers; i++ {
		go receiver(never)
	}
	for i := 0; i < selects; i++ {
		go selecter(never, nil)
	}
	for i := 0; i < mutexes; i++ {
		go locker(&m)
	}
	for i := 0; i < sleeps; i++ {
		go sleeper()
	}
	for i := 0; i < groups; i++ {
		go waiter(&wg)
	}
	for i := 0; i < conds; i++ {
		go conder(cond)
	}
	for i := 0; i < timers; i++ {
		go timer()
	}
	for i := 0; i < recursive; i++ {
		go recurse(depth)
	}
	go viaInlined()
	go faulter(nil)
	var err error
	l, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	for i := 0; i < reads; i++ {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		go reader(c)
	}
	for i := 0; i < calls; i++ {
		var p [2]int
		if err := syscall.Pipe(p[:]); err != nil {
			panic(err)
		}
		go caller(p[0])
	}
	for i := 0; i < pairs; i++ {
		a, b := make(chan int), make(chan int)
		go player(a, b)
		go player(b, a)
		a <- 1
	}
}

// Two ways down to one channel, with stacks that cannot be mistaken for each other or for a mixture.

//go:noinline
func left(n int, c chan int) int {
	if n == 0 {
		return <-c
	}
	return left(n-1, c) + 1
}

//go:noinline
func right(n int, c chan int) int {
	if n == 0 {
		return <-c
	}
	return right(n-1, c) + 2
}

func climber(c chan int) {
	for {
		left(leftDepth, c)
		right(rightDepth, c)
	}
}

// Is preempted where it calls nothing.
func spinner() {
	for {
		spins++
	}
}

func short() { left(5, closed) }

// Goroutines that run all the time, others that come and go, and a collector that moves their stacks.
func busy(n int) {
	c := make(chan int)
	close(closed)
	for i := 0; i < n; i++ {
		go climber(c)
	}
	go spinner()
	go func() {
		for {
			c <- 1
		}
	}()
	go func() {
		for {
			go short()
			time.Sleep(50 * time.Microsecond)
		}
	}()
	go func() {
		for {
			runtime.GC()
			time.Sleep(5 * time.Millisecond)
		}
	}()
}

func dump(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	return pprof.Lookup("goroutine").WriteTo(f, 2)
}

func main() {
	receivers, _ := strconv.Atoi(os.Args[1])
	pairs, _ := strconv.Atoi(os.Args[2])
	debug.SetGCPercent(-1)
	extra()
	park(receivers, pairs)
	time.Sleep(300 * time.Millisecond)
	fmt.Println("ready", os.Getpid())
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		words := strings.Fields(in.Text())
		switch words[0] {
		case "count":
			fmt.Println(runtime.NumGoroutine())
		case "dump":
			fmt.Println(dump(words[1]))
		case "pauses":
			fmt.Println(stops())
		case "gc":
			runtime.GC()
			fmt.Println("collected")
		case "more":
			n, _ := strconv.Atoi(words[1])
			for i := 0; i < n; i++ {
				go receiver(never)
			}
			time.Sleep(200 * time.Millisecond)
			fmt.Println("more")
		case "busy":
			n, _ := strconv.Atoi(words[1])
			busy(n)
			fmt.Println("busy")
		case "end":
			return
		}
	}
}
