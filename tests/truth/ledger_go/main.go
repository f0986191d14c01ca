// SPDX-License-Identifier: BSD-2-Clause

// Spends CPU time on known things in turn, and knows by the process's CPU time how much on each. After SECONDS of it
// prints them, in ns, as tests/truth/ledger_native/shares.c does. It collects only where it says so.
//
//	ledger_go SECONDS
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
)

type node struct{ left, right *node }

var (
	sink   uint64
	small  *[4]uint64
	kept   *node
	buf    [64 << 10]byte
	zeros  int
	mapped []byte
)

func cpu() int64 {
	var u syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

//go:noinline
func loops() {
	x := sink
	for i := uint64(0); i < 4000000; i++ {
		x = x*6364136223846793005 + i
	}
	sink = x
}

//go:noinline
func allocates() {
	for i := 0; i < 100000; i++ {
		small = new([4]uint64)
	}
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{tree(depth - 1), tree(depth - 1)}
}

// It is marked and swept when this returns.
//
//go:noinline
func collects() { runtime.GC() }

//go:noinline
func reads() {
	for i := 0; i < 150; i++ {
		_, err := syscall.Read(zeros, buf[:])
		check(err)
	}
}

//go:noinline
func maps() {
	var err error
	mapped, err = syscall.Mmap(-1, 0, 2<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	check(err)
	check(syscall.Madvise(mapped, 15)) // MADV_NOHUGEPAGE
}

//go:noinline
func touches() {
	for at := 0; at < len(mapped); at += 4096 {
		mapped[at] = 1
	}
}

//go:noinline
func unmaps() {
	// neighbours with other rights are not merged: work for the kernel
	for i := 0; i < 512; i += 2 {
		check(syscall.Mprotect(mapped[i*4096:(i+1)*4096], syscall.PROT_READ))
	}
	check(syscall.Munmap(mapped))
}

func main() {
	parts := []struct {
		name string
		run  func()
	}{{"loops", loops}, {"allocates", allocates}, {"collects", collects}, {"reads", reads}, {"maps", maps},
		{"touches", touches}, {"maps", unmaps}}
	seconds, err := strconv.ParseFloat(os.Args[1], 64)
	check(err)
	debug.SetGCPercent(-1)
	zeros, err = syscall.Open("/dev/zero", syscall.O_RDONLY, 0)
	check(err)
	kept = tree(14)
	spent := map[string]int64{}
	for until := cpu() + int64(seconds*1e9); cpu() < until; {
		for _, p := range parts {
			from := cpu()
			p.run()
			spent[p.name] += cpu() - from
		}
	}
	runtime.KeepAlive(kept)
	spent["all"] = cpu()
	out, err := json.Marshal(spent)
	check(err)
	fmt.Println(string(out))
}
