// SPDX-License-Identifier: BSD-2-Clause

package main

type number interface{ ~uint64 | ~float64 }

// A step is a function of x and of one element. By operators, as generic code over values is compiled for each of their
// shapes:

//go:noinline
func foldConcrete(values []uint64, x uint64) uint64 {
	for _, v := range values {
		x = x*3 + v
	}
	return x
}

//go:noinline
func foldValues[T number](values []T, x T) T {
	for _, v := range values {
		x = x*3 + v
	}
	return x
}

// By methods, of which generic code over pointers has one copy for all, and finds them in a dictionary:

type stepper interface{ step(x uint64) uint64 }

type (
	cell      struct{ value uint64 }
	otherCell struct{ value uint64 }
)

func (c *cell) step(x uint64) uint64      { return x*3 + c.value }
func (c *otherCell) step(x uint64) uint64 { return x*3 - c.value }

//go:noinline
func foldCells(cells []*cell, x uint64) uint64 {
	for _, c := range cells {
		x = c.step(x)
	}
	return x
}

//go:noinline
func foldPointers[T stepper](cells []T, x uint64) uint64 {
	for _, c := range cells {
		x = c.step(x)
	}
	return x
}

//go:noinline
func foldSteppers(cells []stepper, x uint64) uint64 {
	for _, c := range cells {
		x = c.step(x)
	}
	return x
}

// What a generic function costs against one that is written for its type
func generic(o *options, r *result) error {
	var values []uint64
	var cells []*cell
	var steppers []stepper
	random := random(1)
	for i := 0; i < mixerCount; i++ {
		v := random.next()
		c := &cell{v}
		values, cells, steppers = append(values, v), append(cells, c), append(steppers, c)
	}
	// a second type for each, as without it there would be nothing to share
	keep(foldPointers([]*otherCell{{1}}, 1) + uint64(foldValues([]float64{1}, 1)))
	kinds := []struct {
		name string
		fold func(x uint64) uint64
	}{
		{"concrete", func(x uint64) uint64 { return foldConcrete(values, x) }},
		{"generic_value", func(x uint64) uint64 { return foldValues(values, x) }},
		{"concrete_pointer", func(x uint64) uint64 { return foldCells(cells, x) }},
		{"generic_pointer", func(x uint64) uint64 { return foldPointers(cells, x) }},
		{"interface", func(x uint64) uint64 { return foldSteppers(steppers, x) }},
	}
	rounds := (o.n + mixerCount - 1) / mixerCount
	var want uint64
	for i, k := range kinds {
		x := r.calls(k.name, rounds, k.fold)
		if i > 0 && x != want {
			fatal("generic: %s has computed something else than the others", k.name)
		}
		want = x
	}
	r.add("n", rounds*mixerCount)
	return nil
}
