// SPDX-License-Identifier: BSD-2-Clause

//go:build ignore

// switch: goroutines that do nothing but hand over to each other; an operation is there and back, so two switches.
package main

func main() {
	steps := make([]func(int), 2)
	for i := range steps {
		there, back := make(chan int), make(chan int)
		go func() {
			for n := range there {
				back <- n
			}
		}()
		steps[i] = func(n int) {
			for ; n > 0; n-- {
				there <- n
				<-back
			}
		}
	}
	measure(200, steps)
}
