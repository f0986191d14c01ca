// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"math"
	"strconv"
)

// Algorithms that each of the languages has in the same form
func cpu(o *options, r *result) error {
	for _, kind := range []struct {
		name string
		run  func() uint64
		want uint64
	}{
		{"fib", func() uint64 { return fib(32) }, 2178309},
		{"sieve", func() uint64 { return sieve(5000000) }, 348513},
		{"matmul", func() uint64 { return matmul(300) }, 300},
		{"mandelbrot", func() uint64 { return mandelbrot(400, 50) }, 0},
		{"words", func() uint64 { return words(1000000) }, 1000000},
	} {
		first := kind.run()
		if kind.want != 0 && first != kind.want {
			fatal("cpu: %s has computed %d instead of %d", kind.name, first, kind.want)
		}
		var last uint64
		s := r.span(kind.name, func() int64 {
			for i := int64(0); i < o.n; i++ {
				last = kind.run()
			}
			return o.n
		})
		if last != first {
			fatal("cpu: %s has computed %d, and %d before", kind.name, last, first)
		}
		r.add(kind.name+"_ns", s.nsPerOp())
		r.add(kind.name+"_result", first)
	}
	r.add("n", o.n)
	return nil
}

func fib(n int) uint64 {
	if n < 2 {
		return uint64(n)
	}
	return fib(n-1) + fib(n-2)
}

// How many primes are below n
func sieve(n int) (primes uint64) {
	composite := make([]bool, n)
	for i := 2; i < n; i++ {
		if composite[i] {
			continue
		}
		primes++
		for k := i * i; k < n; k += i {
			composite[k] = true
		}
	}
	return primes
}

// A matrix times its inverse: the sum of the diagonal is n, but for rounding. Its elements are those of a permutation,
// scaled, so that the inverse is known.
func matmul(n int) uint64 {
	a, b, c := newMatrix(n), newMatrix(n), newMatrix(n)
	for i := 0; i < n; i++ {
		k := i * 7 % n
		a[i][k] = float64(i + 1)
		b[k][i] = 1 / float64(i+1)
	}
	for i := 0; i < n; i++ {
		row := c[i]
		for k, x := range a[i] {
			for j, y := range b[k] {
				row[j] += x * y
			}
		}
	}
	var trace float64
	for i := 0; i < n; i++ {
		trace += c[i][i]
	}
	return uint64(math.Round(trace))
}

func newMatrix(n int) [][]float64 {
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	return m
}

// How many of the iterations are taken, in all points
func mandelbrot(size, most int) (total uint64) {
	for row := 0; row < size; row++ {
		for column := 0; column < size; column++ {
			cr := 3*float64(column)/float64(size) - 2
			ci := 3*float64(row)/float64(size) - 1.5
			var zr, zi float64
			i := 0
			for i < most && zr*zr+zi*zi <= 4 {
				zr, zi = zr*zr-zi*zi+cr, 2*zr*zi+ci
				i++
			}
			total += uint64(i)
		}
	}
	return total
}

// Counts n words, of which there are 5000 different ones; returns the sum of all counts
func words(n int) (total uint64) {
	const different = 5000
	counts := map[string]int{}
	list := make([]string, different)
	for i := range list {
		list[i] = "w" + strconv.Itoa(i)
	}
	for i := 0; i < n; i++ {
		counts[list[i*7919%different]]++
	}
	for _, c := range counts {
		total += uint64(c)
	}
	return total
}
