// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"os"
	"runtime/pprof"
)

type shape interface{ area() uint64 }

type (
	square    struct{ side uint64 }
	rectangle struct{ width, height uint64 }
)

func (s *square) area() uint64    { return s.side * s.side }
func (r *rectangle) area() uint64 { return r.width * r.height }

// With a profile of it, the compiler asks first whether it is a square, whose method it then inlines
//
//go:noinline
func totalArea(shapes []shape, total uint64) uint64 {
	for _, s := range shapes {
		total += s.area()
	}
	return total
}

// A hot call by an interface, one in 1024 to another type than the rest. -cpuprofile FILE writes a profile of it, for
// building with -pgo=FILE.
func devirt(o *options, r *result) error {
	shapes := make([]shape, mixerCount)
	for i := range shapes {
		shapes[i] = &square{uint64(i)}
		if i%1024 == 1023 {
			shapes[i] = &rectangle{uint64(i), 2}
		}
	}
	if o.cpuprofile != "" {
		f, err := os.Create(o.cpuprofile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer f.Close()
		defer pprof.StopCPUProfile()
	}
	rounds := (o.n + mixerCount - 1) / mixerCount
	keep(totalArea(shapes, 0))
	var total uint64
	s := r.span("all", func() int64 {
		for i := int64(0); i < rounds; i++ {
			total = totalArea(shapes, total)
		}
		return rounds * mixerCount
	})
	if want := totalArea(shapes, 0) * uint64(rounds); total != want {
		fatal("devirt: %d computed instead of %d", total, want)
	}
	r.add("n", s.N)
	r.add("elapsed_ns", s.ns())
	r.add("ns_per_call", s.nsPerOp())
	return nil
}
