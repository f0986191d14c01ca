// SPDX-License-Identifier: BSD-2-Clause
// Go in a library: it collects as often as it is told to and at no other time.
package main

import "C"
import (
	"runtime"
	"runtime/debug"
)

//export Prepare
func Prepare() { debug.SetGCPercent(-1) }

// Collect n times. Returns how many collections the runtime counted meanwhile.
//
//export Collect
func Collect(n C.int) C.int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for ; n > 0; n-- {
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	return C.int(after.NumGC - before.NumGC)
}

func main() {}
