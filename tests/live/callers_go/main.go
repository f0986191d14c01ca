// A goroutine that is late each time the world is stopped, since it is in code that cannot be interrupted: a helper of the
// runtime, its assembly, the standard library's assembly. Each is called from a function here that a verdict should name.
package main

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

type table [8000]*int

var (
	src   table
	dst   = new(table)
	bytes = make([]byte, 64<<20)
	sum   byte
	kind  atomic.Int32
)

//go:noinline
func copies() { *dst = src } // pointers, while the collector marks

//go:noinline
func clears() { clear(bytes) }

//go:noinline
func hashes() { sum += sha256.Sum256(bytes)[0] }

func main() {
	for i := range src {
		src[i] = &i
	}
	go func() {
		for {
			switch kind.Load() {
			case 0:
				copies()
			case 1:
				clears()
			case 2:
				hashes()
			}
		}
	}()
	for i := range 18 {
		kind.Store(int32(i / 6))
		time.Sleep(5 * time.Millisecond)
		runtime.GC()
	}
	fmt.Println("done", sum)
}
