// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"runtime"
	"unsafe"
)

//go:noinline
func asInterface(a *adder) mixer { return a }

// What can be asked of the language and the runtime without timing anything
func facts(o *options, r *result) error {
	var m mixer
	var a any
	r.add("interface_bytes", int64(unsafe.Sizeof(m)))
	r.add("empty_interface_bytes", int64(unsafe.Sizeof(a)))
	r.add("nil_interface_with_nil_pointer_is_nil", asInterface(nil) == nil)
	r.add("nil_interface_is_nil", m == nil)
	r.add("goroutine_bytes", firstStackBytes())
	return nil
}

// The stack that a goroutine begins with: what all stacks have grown by. The runtime takes and keeps some more than it
// needs, and sizes are powers of two.
func firstStackBytes() int64 {
	const goroutines = 16384
	runtime.GC()
	before := memStats().StackInuse
	release := blocked(goroutines)
	grown := int64(memStats().StackInuse-before) / goroutines
	release()
	bytes := int64(1)
	for bytes*2 <= grown+grown/8 {
		bytes *= 2
	}
	return bytes
}
