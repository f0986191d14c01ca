// SPDX-License-Identifier: BSD-2-Clause

package main

// What dispatch calls: four types, each with a method of a few instructions. mix is never inlined, mixInline always
// where the type is known.
type mixer interface{ mix(x uint64) uint64 }

type (
	adder      struct{ value uint64 }
	xorer      struct{ value uint64 }
	subtracter struct{ value uint64 }
	scaler     struct{ value uint64 }
)

func (a *adder) mixInline(x uint64) uint64      { return x + a.value }
func (a *xorer) mixInline(x uint64) uint64      { return x ^ a.value }
func (a *subtracter) mixInline(x uint64) uint64 { return x - a.value }
func (a *scaler) mixInline(x uint64) uint64     { return x*2 + a.value }

//go:noinline
func (a *adder) mix(x uint64) uint64 { return a.mixInline(x) }

//go:noinline
func (a *xorer) mix(x uint64) uint64 { return a.mixInline(x) }

//go:noinline
func (a *subtracter) mix(x uint64) uint64 { return a.mixInline(x) }

//go:noinline
func (a *scaler) mix(x uint64) uint64 { return a.mixInline(x) }

const mixerTypes = 4

func newMixer(kind int, value uint64) mixer {
	switch kind {
	case 0:
		return &adder{value}
	case 1:
		return &xorer{value}
	case 2:
		return &subtracter{value}
	default:
		return &scaler{value}
	}
}
