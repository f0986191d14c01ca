// SPDX-License-Identifier: BSD-2-Clause

//go:build ignore

// alloc: small objects of several sizes, some of which live a while, so that collections have something to do.
package main

type object struct {
	next *object
	data [4]uintptr
}

var sinks [2][]byte

func main() {
	steps := make([]func(int), 2)
	for i := range steps {
		i := i
		kept := make([]*object, 1<<14)
		at := 0
		steps[i] = func(n int) {
			for ; n > 0; n-- {
				at++
				if n&3 == 0 {
					sinks[i] = make([]byte, 16+at&255)
					continue
				}
				kept[at&(len(kept)-1)] = &object{next: kept[(at*7)&(len(kept)-1)]}
				if o := kept[(at*7)&(len(kept)-1)]; o != nil {
					o.next = nil // or the chains would grow without end
				}
			}
		}
	}
	measure(1000, steps)
}
