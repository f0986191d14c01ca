// SPDX-License-Identifier: BSD-2-Clause

package main

import "strings"

// What cpu computes; ../bench/cpu.h says what, the same in each language
const (
	fibOf          = 32
	sieveTo        = 5000000
	matrixSize     = 300
	mandelbrotSize = 400
	escapeWithin   = 50
	wordCount      = 1000000
	wordSeed       = 2463534242
)

func cpu(o *options, r *result) error {
	makeWords()
	r.add("n", o.n)
	for _, part := range []struct {
		name, result string
		run          func() int64
	}{
		{"fib", "fib", func() int64 { return fib(fibOf) }},
		{"sieve", "primes", sieve},
		{"matmul", "matmul_sum", matmul},
		{"mandelbrot", "mandelbrot_points", mandelbrot},
		{"words", "different_words", words},
	} {
		first := part.run() // its memory is there now
		r.span(part.name, func() int64 {
			for i := int64(0); i < o.n; i++ {
				if part.run() != first {
					fatal("cpu: %s has come to something else than before", part.name)
				}
			}
			return o.n
		})
		r.add(part.result, first)
	}
	return nil
}

func fib(n int64) int64 {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

var composite [sieveTo + 1]bool

func sieve() (primes int64) {
	for i := range composite {
		composite[i] = false
	}
	for i := 2; i*i <= sieveTo; i++ {
		if composite[i] {
			continue
		}
		for k := i * i; k <= sieveTo; k += i {
			composite[k] = true
		}
	}
	for _, c := range composite[2:] {
		if !c {
			primes++
		}
	}
	return primes
}

type matrix [matrixSize][matrixSize]float64

// A conversion rounds a product before anything is added to it: some processors could do both at once, and Go would
var matrices struct{ a, b, product matrix }

func matmul() int64 {
	a, b, product := &matrices.a, &matrices.b, &matrices.product
	for i := range a {
		for k := range a[i] {
			a[i][k] = float64((i + k) % 7)
			b[i][k] = float64((i * k) % 5)
			product[i][k] = 0
		}
	}
	// along the rows, as the caches like it
	for i := range a {
		sums := &product[i]
		for k, x := range &a[i] {
			for j, y := range &b[k] {
				sums[j] += float64(x * y)
			}
		}
	}
	var sum float64
	for i := range product {
		for _, x := range &product[i] {
			sum += x
		}
	}
	return int64(sum)
}

// Of c in -2 .. 1 and -1.5 .. 1.5
func escapes(re, im float64) bool {
	var x, y float64
	for i := 0; i < escapeWithin; i++ {
		x, y = float64(x*x)-float64(y*y)+re, float64(2*x*y)+im
		if float64(x*x)+float64(y*y) > 4 {
			return true
		}
	}
	return false
}

func mandelbrot() (points int64) {
	for row := 0; row < mandelbrotSize; row++ {
		for column := 0; column < mandelbrotSize; column++ {
			if !escapes(3*float64(column)/mandelbrotSize-2, 3*float64(row)/mandelbrotSize-1.5) {
				points++
			}
		}
	}
	return points
}

var (
	wordText   string
	wordStarts [wordCount + 1]uint32 // in wordText
)

func makeWords() {
	var letters strings.Builder
	x := uint32(wordSeed)
	for i := 0; i < wordCount; i++ {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		wordStarts[i] = uint32(letters.Len())
		for k := uint32(0); k <= x&3; k++ {
			letters.WriteByte('a' + byte(x>>(8+4*k)&15))
		}
	}
	wordStarts[wordCount] = uint32(letters.Len())
	wordText = letters.String()
}

func words() int64 {
	counts := map[string]int{}
	for i, start := range wordStarts[:wordCount] {
		counts[wordText[start:wordStarts[i+1]]]++
	}
	return int64(len(counts))
}
