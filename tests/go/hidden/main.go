// SPDX-License-Identifier: BSD-2-Clause
// Collects as often as each line of its input says, at no other time, and answers with the runtime's own count.
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

func main() {
	var before, after runtime.MemStats
	var n int
	debug.SetGCPercent(-1)
	for {
		if _, err := fmt.Scan(&n); err != nil {
			return
		}
		runtime.ReadMemStats(&before)
		for i := 0; i < n; i++ {
			runtime.GC()
		}
		runtime.ReadMemStats(&after)
		fmt.Println(after.NumGC - before.NumGC)
	}
}
