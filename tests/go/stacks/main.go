// SPDX-License-Identifier: BSD-2-Clause

// Stacks of known shapes, one after another, for so much CPU time each. A line for each: its name, and when it began and ended
// by the kernel's monotonic clock.
//
//	stacks SECONDS [SHAPE]...
package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"math/big"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

var (
	seconds float64
	sum     uint64
	sink    []*[4]int
	data    = make([]byte, 1<<16)
)

// The process's, user and system.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func clock() int64 {
	var t syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

//go:noinline
func spin(n int) uint64 {
	for i := 0; i < n; i++ {
		sum = sum*6364136223846793005 + 1442695040888963407
	}
	return sum
}

//go:noinline
func recurse(n int) uint64 {
	if n == 0 {
		return spin(20000)
	}
	return recurse(n-1) + 1
}

//go:noinline
func leaf(n uint64) uint64 { return n*2862933555777941757 + 3037000493 }

//go:noinline
func frame8(n uint64) uint64 { return leaf(n) + 1 }

//go:noinline
func frame100(n uint64) uint64 {
	var room [12]uint64
	room[n%12] = n
	return frame8(n) + room[(n+1)%12]
}

//go:noinline
func frame5000(n uint64) uint64 {
	var room [625]uint64
	room[n%625] = n
	return frame100(n) + room[(n+1)%625]
}

//go:noinline
func grow(n int) uint64 {
	var room [64]uint64
	room[n%64] = uint64(n)
	if n == 0 {
		return 1
	}
	return grow(n-1) + room[(n+1)%64]
}

//go:noinline
func grows(done chan uint64) { done <- grow(100) }

//go:noinline
func pongs(there, back chan int) {
	for v := range there {
		back <- v
	}
}

//go:noinline
func phaseDepth() {
	recurse(50)
}

//go:noinline
func phaseDeep() {
	recurse(1000)
}

//go:noinline
func phaseLeaf() {
	for i := 0; i < 1000; i++ {
		sum = frame5000(sum)
	}
}

//go:noinline
func phaseSha256() { sum += uint64(sha256.Sum256(data)[0]) }

//go:noinline
func phaseSha512() { sum += uint64(sha512.Sum512(data)[0]) }

var gcm = func() cipher.AEAD {
	block, err := aes.NewCipher(data[:16])
	if err != nil {
		panic(err)
	}
	sealer, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return sealer
}()

var sealed []byte

//go:noinline
func phaseGcm() { sealed = gcm.Seal(sealed[:0], data[:12], data, nil) }

var factor = new(big.Int).SetBytes(data[:1]).Sub(big.NewInt(7), new(big.Int).Lsh(big.NewInt(1), 4000))
var product = new(big.Int)

//go:noinline
func phaseBig() { product.Mul(factor, factor) }

//go:noinline
func phaseMorestack() {
	done := make(chan uint64)
	go grows(done)
	sum += <-done
}

//go:noinline
func phaseAlloc() {
	for i := 0; i < 1000; i++ {
		sink[i] = new([4]int)
	}
}

//go:noinline
func phaseCollect() { runtime.GC() }

var there, back = make(chan int), make(chan int)

//go:noinline
func phaseSwitch() {
	for i := 0; i < 1000; i++ {
		there <- i
		<-back
	}
}

//go:noinline
func phaseYield() {
	for i := 0; i < 1000; i++ {
		runtime.Gosched()
	}
}

type phase struct {
	name string
	work func()
}

var phases = []phase{
	{"depth", phaseDepth},
	{"deep", phaseDeep},
	{"leaf", phaseLeaf},
	{"sha256", phaseSha256},
	{"sha512", phaseSha512},
	{"gcm", phaseGcm},
	{"big", phaseBig},
	{"morestack", phaseMorestack},
	{"alloc", phaseAlloc},
	{"collect", phaseCollect},
	{"switch", phaseSwitch},
	{"yield", phaseYield},
}

//go:noinline
func run(work func()) {
	for end := cpu() + seconds; cpu() < end; {
		for i := 0; i < 4; i++ {
			work()
		}
	}
}

func main() {
	var err error
	if seconds, err = strconv.ParseFloat(os.Args[1], 64); err != nil {
		panic(err)
	}
	sink = make([]*[4]int, 1000)
	go pongs(there, back)
	for _, p := range phases {
		chosen := len(os.Args) == 2
		for _, name := range os.Args[2:] {
			chosen = chosen || name == p.name
		}
		if !chosen {
			continue
		}
		time.Sleep(20 * time.Millisecond)
		began := clock()
		run(p.work)
		fmt.Println(p.name, began, clock())
	}
}
