// SPDX-License-Identifier: BSD-2-Clause

//go:build go1.23

package main

import "iter"

// Two goroutines in turn, by the runtime's own switch between them.
func pull() func() {
	next, _ := iter.Pull(func(yield func(int) bool) {
		for yield(1) {
		}
	})
	return func() {
		for i := 0; i < 1000; i++ {
			next()
		}
	}
}
