// SPDX-License-Identifier: BSD-2-Clause

// leak is a cache that only grows, beside objects that live for a moment. It asks for no collection itself, as most
// programs do not: then the linker leaves out what only runtime.GC needs.
//
//	leak [MB]       each time it grows, by MB of objects of 4096 bytes (32)
//	ready PID       it is at rest
//	(a line in)     it grows, and prints how many bytes it holds in all; what it holds is published by then
//	(end of input)  it ends
//
// RATE: runtime.MemProfileRate.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
)

var _ = setRate()

func setRate() bool {
	if n, err := strconv.Atoi(os.Getenv("RATE")); err == nil {
		runtime.MemProfileRate = n
	}
	return true
}

const size = 4096

var (
	cache  = map[int]*[size]byte{}
	moment *[size]byte
)

//go:noinline
func remember(i int) {
	p := new([size]byte)
	cache[i] = p // the map itself grows here
}

//go:noinline
func forget() {
	moment = new([size]byte)
}

// As much as it takes until the collector has run three times.
func collect() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for until := m.NumGC + 3; m.NumGC < until; runtime.ReadMemStats(&m) {
		for i := 0; i < 1000; i++ {
			forget()
		}
	}
}

func main() {
	mb := 32
	if len(os.Args) > 1 {
		mb, _ = strconv.Atoi(os.Args[1])
	}
	runtime.MemProfile(nil, true) // so that the linker leaves the profile in
	fmt.Println("ready", os.Getpid())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		for i := 0; i < mb<<20/size; i++ {
			remember(len(cache))
			forget()
		}
		collect()
		fmt.Println(len(cache) * size)
	}
}
