// SPDX-License-Identifier: BSD-2-Clause
// Allocates and drops, slowly enough that others run too, so that there is a collection now and then.
package main

import "time"

var kept [][]byte

func main() {
	for i := 0; ; i++ {
		block := make([]byte, 10000)
		if i%50 == 0 {
			kept = append(kept, block)
		}
		if len(kept) > 200 {
			kept = nil
		}
		if i%200 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
}
