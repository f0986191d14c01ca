// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// recursion grows a fresh stack, with pointers into it that have to move along.
func recursion() error {
	results := make(chan error)
	const goroutines = 8
	for i := 0; i < goroutines; i++ {
		depth := 1000 << uint(i%4)
		go func() {
			sum := 0
			descend(depth, &sum)
			if want := depth * (depth + 1) / 2; sum != want {
				results <- fmt.Errorf("depth %d: %d, should be %d", depth, sum, want)
				return
			}
			results <- nil
		}()
	}
	return collect(results, goroutines)
}

func collect(results chan error, n int) error {
	var first error
	for i := 0; i < n; i++ {
		if err := <-results; err != nil {
			first = err
		}
	}
	return first
}

//go:noinline
func descend(depth int, sum *int) {
	var frame [100]byte
	own := depth
	frame[depth%len(frame)] = byte(depth)
	if depth > 0 {
		descend(depth-1, sum)
	}
	if frame[depth%len(frame)] != byte(depth) {
		panic("a frame was overwritten")
	}
	*sum += own
}

// goroutines is a chain of them, each adding one.
func goroutines() error {
	const length = 3000
	first := make(chan int)
	in := first
	for i := 0; i < length; i++ {
		out := make(chan int)
		go func(in <-chan int, out chan<- int) {
			out <- <-in + 1
		}(in, out)
		in = out
	}
	first <- 0
	if n := <-in; n != length {
		return fmt.Errorf("%d, should be %d", n, length)
	}
	return nil
}

// panics unwinds deep stacks, through functions that defer, recover and panic again.
func panics() error {
	for i := 0; i < 50; i++ {
		deferred := 0
		err := thrown(200, &deferred)
		if err == nil || err.Error() != "thrown again" || deferred != 201 {
			return fmt.Errorf("%v after %d deferred calls, should be 201", err, deferred)
		}
	}
	return nil
}

func thrown(depth int, deferred *int) (err error) {
	defer func() {
		if e, ok := recover().(error); ok {
			err = e
		}
	}()
	throw(depth, deferred)
	return nil
}

//go:noinline
func throw(depth int, deferred *int) {
	defer func() {
		*deferred++
		if depth == 100 {
			recover()
			panic(errors.New("thrown again"))
		}
	}()
	if depth == 0 {
		panic(errors.New("thrown"))
	}
	throw(depth-1, deferred)
}

var nowhere *[1 << 10]int

// faults makes the kernel send SIGSEGV and SIGFPE, which the runtime makes panics of.
func faults() error {
	for i := 0; i < 50; i++ {
		if err := fault(func() int { return nowhere[i] }); !strings.Contains(fmt.Sprint(err), "nil pointer") {
			return fmt.Errorf("no such address: %v", err)
		}
		zero := i - i
		if err := fault(func() int { return i / zero }); !strings.Contains(fmt.Sprint(err), "divide by zero") {
			return fmt.Errorf("division: %v", err)
		}
	}
	return nil
}

func fault(f func() int) (what interface{}) {
	defer func() { what = recover() }()
	f()
	return nil
}

var notified = make(chan os.Signal, 1)

func signals() error {
	signal.Notify(notified, syscall.SIGUSR1)
	for i := 0; i < 20; i++ {
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			return err
		}
		<-notified
	}
	return nil
}

type tree struct {
	left, right *tree
	value       int
}

func grow(depth, value int) *tree {
	if depth == 0 {
		return &tree{value: value}
	}
	return &tree{grow(depth-1, 2*value), grow(depth-1, 2*value+1), value}
}

func (t *tree) sum() int {
	if t == nil {
		return 0
	}
	return t.value + t.left.sum() + t.right.sum()
}

// heap holds what collections must not lose.
func heap() error {
	const depth = 12
	t := grow(depth, 1)
	garbage := map[string][]byte{}
	for i := 0; i < 1000; i++ {
		garbage[fmt.Sprint(i)] = make([]byte, i)
	}
	last := 2<<depth - 1
	if got, want := t.sum(), last*(last+1)/2; got != want || len(garbage) != 1000 {
		return fmt.Errorf("sum %d, should be %d", got, want)
	}
	return nil
}

// threads has some end: a goroutine that goes with its thread locked takes the thread along.
func threads() error {
	results := make(chan error)
	const goroutines = 4
	for i := 0; i < goroutines; i++ {
		go func() {
			runtime.LockOSThread()
			results <- nil
		}()
	}
	return collect(results, goroutines)
}

// children begin as copies of this process, and of the probes in it.
func children() error {
	out, err := exec.Command("/bin/sh", "-c", "echo $((6 * 7))").Output()
	if err == nil && string(out) != "42\n" {
		err = fmt.Errorf("the child said %q", out)
	}
	time.Sleep(20 * time.Millisecond)
	return err
}

func timers() error {
	var wg sync.WaitGroup
	begin := time.Now()
	for i := 0; i < 100; i++ {
		wg.Add(1)
		time.AfterFunc(time.Duration(i%5)*time.Millisecond, wg.Done)
	}
	wg.Wait()
	if d := time.Since(begin); d < 4*time.Millisecond {
		return fmt.Errorf("timers went off after %v", d)
	}
	return nil
}

// stops: of the world, and in goroutines that reach no safe point by themselves
func stops() error {
	var mem runtime.MemStats
	end := make(chan bool)
	go func() {
		n := 0
		for i := 0; i < 3000000; i++ {
			n ^= i
		}
		end <- n >= 0
	}()
	runtime.ReadMemStats(&mem)
	runtime.GC()
	runtime.Stack(make([]byte, 1<<16), true)
	<-end
	return nil
}

func pipes() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	go func() {
		defer w.Close()
		for i := 0; i < 200; i++ {
			fmt.Fprintf(w, "%d\n", i)
		}
	}()
	sum := 0
	for {
		var n int
		if _, err := fmt.Fscanln(r, &n); err != nil {
			break
		}
		sum += n
	}
	if sum != 199*200/2 {
		return fmt.Errorf("sum %d, should be %d", sum, 199*200/2)
	}
	return nil
}
