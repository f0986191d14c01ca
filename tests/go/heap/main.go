// SPDX-License-Identifier: BSD-2-Clause

// heap allocates at known places, writes its heap profile as runtime/pprof does, and waits. From then on no
// collection runs, so that what is published stays as it was written.
//
//	heap FOLDER [MANY]   writes FOLDER/text and FOLDER/proto; MANY: up to 16384 stacks more, each with one object
//	ready PID            it is at rest
//	(a line in)          it ends
//
// RATE: runtime.MemProfileRate; COLLECT=0: no collection at all; WRITE=0: writes nothing, which in itself would publish
// what there is; WORK=1: allocates and collects until it ends.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
)

var _ = setRate()

func setRate() bool {
	if n, err := strconv.Atoi(os.Getenv("RATE")); err == nil {
		runtime.MemProfileRate = n
	}
	return true
}

var kept []any

//go:noinline
func small(n int) {
	for i := 0; i < n; i++ {
		keep(i, new([64]byte))
	}
}

// inlined into what calls it
func keep(i int, p any) {
	if i%3 != 0 {
		kept = append(kept, p)
	}
}

//go:noinline
func large(n int) {
	for i := 0; i < n; i++ {
		keep(i, make([]byte, 1<<20))
	}
}

func filled(size int) []byte {
	return make([]byte, size)
}

type box[T any] struct{ values []T }

//go:noinline
func (b *box[T]) add(v T) {
	b.values = append(b.values, v)
}

func middling(sizes ...int) {
	for _, size := range sizes {
		for i := 0; i < 1+4_000_000/size; i++ {
			keep(i, filled(size))
		}
	}
}

//go:noinline
func deep(n int) {
	if n > 0 {
		deep(n - 1)
		return
	}
	small(20000)
}

// A stack of its own for each number: its bits say who calls whom.
//
//go:noinline
func left(bits, n int) {
	if n == 0 {
		kept = append(kept, new([48]byte))
		return
	}
	branch(bits, n)
}

//go:noinline
func right(bits, n int) {
	if n == 0 {
		kept = append(kept, new([48]byte))
		return
	}
	branch(bits, n)
}

func branch(bits, n int) {
	if bits&1 != 0 {
		left(bits>>1, n-1)
	} else {
		right(bits>>1, n-1)
	}
}

func work() {
	debug.SetGCPercent(100)
	for {
		small(1000)
		large(1)
		middling(1024, 4096)
		kept = nil
	}
}

func write(name string, level int) {
	f, err := os.Create(name)
	if err == nil {
		err = pprof.Lookup("heap").WriteTo(f, level)
	}
	if err != nil {
		panic(err)
	}
	f.Close()
}

func main() {
	debug.SetGCPercent(-1)
	small(100000)
	large(60)
	middling(128, 1024, 4096, 30000, 100000)
	deep(20)
	var b box[[3]int]
	for i := 0; i < 100000; i++ {
		b.add([3]int{i})
	}
	parts := []string{}
	for i := 0; i < 2000; i++ {
		parts = append(parts, strings.Repeat("x", i))
	}
	done, m := make(chan bool), map[int][]byte{}
	go func() {
		for i := 0; i < 30000; i++ {
			m[i] = []byte(strconv.Itoa(i))
		}
		done <- true
	}()
	<-done
	if len(os.Args) > 2 {
		many, _ := strconv.Atoi(os.Args[2])
		for i := 0; i < many; i++ {
			right(i, 14)
		}
	}
	if os.Getenv("COLLECT") != "0" {
		runtime.GC()
		kept = kept[:len(kept)/2]
		runtime.GC()
		runtime.GC()
	}
	if os.Getenv("WRITE") != "0" {
		write(os.Args[1]+"/text", 1)
		write(os.Args[1]+"/proto", 0)
	}
	fmt.Println("ready", os.Getpid())
	if os.Getenv("WORK") != "" {
		go work()
	}
	os.Stdin.Read(make([]byte, 1))
	runtime.KeepAlive(parts)
	runtime.KeepAlive(m)
	runtime.KeepAlive(b)
}
