// SPDX-License-Identifier: BSD-2-Clause

// A program that does what it is told, and knows how often: each line of
// standard input is "what n"; the answer is 12 numbers of 8 bytes. When it has
// answered it allocates nothing until the next line.
package main

import (
	"encoding/binary"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	answer [96]byte
	line   [64]byte
	mem    runtime.MemStats
	held   [][]byte
	keep   interface{}
	parked = make(chan bool)
)

// Two goroutines hand n values to and fro: each is woken n times.
func pingPong(n int) {
	there, back := make(chan int), make(chan int)
	var done sync.WaitGroup
	done.Add(2)
	go func() {
		for i := 0; i < n; i++ {
			there <- i
			<-back
		}
		done.Done()
	}()
	go func() {
		for i := 0; i < n; i++ {
			<-there
			back <- i
		}
		done.Done()
	}()
	done.Wait()
}

// n goroutines, never more than 64 at once; each runs once and ends.
func spawn(n int) {
	var running sync.WaitGroup
	var sum int64
	for i := 0; i < n; i++ {
		running.Add(1)
		go func() {
			atomic.AddInt64(&sum, 1)
			running.Done()
		}()
		if i%64 == 63 {
			running.Wait()
		}
	}
	running.Wait()
}

// n goroutines that stay, waiting.
func park(n int) {
	for i := 0; i < n; i++ {
		go func() { <-parked }()
	}
	for runtime.Gosched(); runtime.NumGoroutine() < n; {
		time.Sleep(time.Millisecond)
	}
}

// Small, tiny, large; with and without pointers; some live on.
func alloc(n int) {
	for i := 0; i < n; i++ {
		b := make([]byte, 1+i%3000)
		keep = b
		keep = &struct{ a, b *int }{}
		c := new(byte)
		keep = c
		if i%100 == 0 {
			held = append(held, make([]byte, 40000))
			if len(held) > 50 {
				held = held[:0]
			}
		}
	}
}

func gosched(n int) {
	var done sync.WaitGroup
	for g := 0; g < 4; g++ {
		done.Add(1)
		go func() {
			for i := 0; i < n/4; i++ {
				runtime.Gosched()
			}
			done.Done()
		}()
	}
	done.Wait()
}

func calls(n int) {
	for i := 0; i < n; i++ {
		syscall.Syscall(syscall.SYS_GETPPID, 0, 0, 0)
	}
}

// Deep enough that the stack is moved, in a goroutine of its own.
func deep(n int) int {
	var room [512]byte
	if n == 0 {
		return 0
	}
	room[n%512] = 1
	return deep(n-1) + int(room[(n+1)%512])
}

func grow(n int) {
	var done sync.WaitGroup
	for i := 0; i < n; i++ {
		done.Add(1)
		go func() { deep(100); done.Done() }()
		done.Wait()
	}
}

func main() {
	do := map[string]func(int){
		"pingpong": pingPong, "spawn": spawn, "park": park, "alloc": alloc, "gosched": gosched, "calls": calls,
		"grow":  grow,
		"sleep": func(n int) { time.Sleep(time.Duration(n) * time.Millisecond) },
		"hold": func(n int) { // and wait, so that what was allocated can be counted before the answer
			for i := 0; i < n; i++ {
				keep = new([6]uint64)
			}
			time.Sleep(400 * time.Millisecond)
		},
		"gc": func(n int) {
			for i := 0; i < n; i++ {
				runtime.GC()
			}
		},
		"procs": func(n int) { runtime.GOMAXPROCS(n) },
		"churn": func(n int) { // on and on
			for i := 0; i < n; i++ {
				go func() {
					for {
						alloc(1000)
						pingPong(100)
					}
				}()
			}
		},
		"stats": func(int) {},
	}
	for {
		n, err := syscall.Read(0, line[:])
		if err != nil || n <= 0 {
			os.Exit(0)
		}
		words := strings.Fields(string(line[:n]))
		count, _ := strconv.Atoi(words[1])
		began := time.Now()
		do[words[0]](count)
		took := time.Since(began)
		runtime.ReadMemStats(&mem)
		for i, v := range [...]uint64{mem.TotalAlloc, mem.Mallocs, mem.Frees, uint64(mem.NumGC), mem.PauseTotalNs,
			mem.HeapAlloc, uint64(took), mem.NextGC, mem.HeapInuse, mem.Sys, mem.StackInuse,
			mem.Sys - mem.HeapSys - mem.StackInuse} {
			binary.LittleEndian.PutUint64(answer[8*i:], v)
		}
		syscall.Write(1, answer[:])
	}
}
