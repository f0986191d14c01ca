// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"runtime"
	"time"
)

// Put into and never emptied: a cache by mistake
var cache = map[int64][]byte{}

// Grows at a steady pace. With -n, that many MiB
func leak(o *options, r *result) error {
	perSecond := o.rate * (1 << 20)
	bytes := perSecond * o.seconds
	if o.nGiven {
		bytes = float64(o.n << 20)
	}
	n := (int64(bytes) + o.blockBytes - 1) / o.blockBytes
	s := r.span("all", func() int64 {
		begin := now()
		for i := int64(0); i < n; i++ {
			due := begin + int64(float64(i*o.blockBytes)/perSecond*1e9)
			if ahead := time.Duration(due - now()); ahead > time.Millisecond {
				time.Sleep(ahead)
			}
			value := make([]byte, o.blockBytes)
			for k := range value {
				value[k] = byte(i)
			}
			cache[i] = value
		}
		return n
	})
	// as a server with net/http/pprof: unless something reads the profile of the heap, Go's linker leaves it out
	runtime.MemProfile(nil, true)
	if int64(len(cache)) != n {
		fatal("leak: %d values are there instead of %d", len(cache), n)
	}
	r.add("n", n)
	r.add("elapsed_ns", s.ns())
	r.add("block_bytes", o.blockBytes)
	r.add("leaked_bytes", n*o.blockBytes)
	r.memory()
	return nil
}
