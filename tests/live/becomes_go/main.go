// A goroutine that is late whenever the world is stopped: nothing interrupts it in lateOne(). Afterwards the process
// becomes the program that it is given, if any: this one again, with that function named otherwise, at the same address.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

var sum atomic.Uint64

//go:noinline
func lateOne(n uint64) uint64 {
	x := n
	for i := uint64(0); i < n; i++ { // no call, so no safepoint
		x = x*6364136223846793005 + i
	}
	return x
}

func main() {
	go func() {
		for {
			sum.Add(lateOne(20_000_000))
			runtime.Gosched()
		}
	}()
	for range 8 {
		time.Sleep(5 * time.Millisecond)
		runtime.GC()
	}
	if len(os.Args) > 1 {
		panic(syscall.Exec(os.Args[1], os.Args[1:], os.Environ()))
	}
	fmt.Println("done", sum.Load())
}
