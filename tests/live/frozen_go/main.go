// SPDX-License-Identifier: BSD-2-Clause

// frozen_go: stops the world over and over, and does nothing else, while two goroutines allocate.
package main

import (
	"fmt"
	"os"
	"runtime"
)

var kept [2][]*[64]byte

func allocate(who int) {
	for {
		some := make([]*[64]byte, 0, 4096)
		for len(some) < cap(some) {
			some = append(some, new([64]byte))
		}
		kept[who] = some
	}
}

func main() {
	for who := range kept {
		go allocate(who)
	}
	fmt.Println("ready", os.Getpid())
	for {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
	}
}
