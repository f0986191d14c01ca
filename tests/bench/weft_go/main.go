// SPDX-License-Identifier: BSD-2-Clause

// What weft-bench does, in Go, for side by side: pingpong, channel, spawn and trees, with the same N. Prints the time
// that the whole took, in ns.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

func yield(n int) {
	for i := 0; i < n; i++ {
		runtime.Gosched()
	}
}

// two goroutines on one P, each giving way to the other n times
func pingpong(n int) {
	var done sync.WaitGroup
	runtime.GOMAXPROCS(1)
	done.Add(2)
	for i := 0; i < 2; i++ {
		go func() {
			yield(n)
			done.Done()
		}()
	}
	done.Wait()
}

func channel(n int) {
	a, b := make(chan int), make(chan int)
	go func() {
		for i := 0; i < n; i++ {
			b <- <-a
		}
	}()
	for i := 0; i < n; i++ {
		a <- i
		<-b
	}
}

func spawn(n int) {
	const batch = 1000
	var done sync.WaitGroup
	for i := 0; i < n; i += batch {
		done.Add(batch)
		for k := 0; k < batch; k++ {
			go done.Done()
		}
		done.Wait()
	}
}

type node struct{ left, right *node }

func build(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{build(depth - 1), build(depth - 1)}
}

func (t *node) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func trees(n int) {
	const least = 4
	var all sync.WaitGroup
	total := build(n + 1).count()
	lives := build(n)
	for depth := least; depth <= n; depth += 2 {
		depth := depth
		all.Add(1)
		go func() {
			sum := 0
			for i := 0; i < 1<<(n+least-depth); i++ {
				sum += build(depth).count()
			}
			if sum == total {
				fmt.Fprintln(os.Stderr, sum)
			}
			all.Done()
		}()
	}
	all.Wait()
	runtime.KeepAlive(lives)
}

func main() {
	work := map[string]func(int){"pingpong": pingpong, "channel": channel, "spawn": spawn, "trees": trees}[os.Args[1]]
	n, err := strconv.Atoi(os.Args[2])
	if work == nil || err != nil {
		fmt.Fprintln(os.Stderr, "usage: weft_go pingpong|channel|spawn|trees N")
		os.Exit(2)
	}
	start := time.Now()
	work(n)
	fmt.Println(time.Since(start).Nanoseconds())
}
