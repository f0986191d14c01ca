// SPDX-License-Identifier: BSD-2-Clause

package main

type point struct{ x, y, z uint64 }

// Who uses a point. The compiler sees no more of it than the way of calling lets it see.
type pointUser interface {
	use(p *point, i uint64) uint64
}

type pointSum struct{}

//go:noinline
func (*pointSum) use(p *point, i uint64) uint64 {
	p.x, p.y, p.z = i, i+1, i+2
	return p.x + p.y + p.z
}

//go:noinline
func useConcrete(n int64, user *pointSum) (sum uint64) {
	for i := int64(0); i < n; i++ {
		p := &point{}
		sum += user.use(p, uint64(i))
	}
	return sum
}

//go:noinline
func useInterface(n int64, user pointUser) (sum uint64) {
	for i := int64(0); i < n; i++ {
		p := &point{}
		sum += user.use(p, uint64(i))
	}
	return sum
}

// The same object passed to the same method: it stays on the stack where the compiler knows which one that is, and goes
// to the heap where it is called by an interface
func escape(o *options, r *result) error {
	user := &pointSum{}
	var sums [2]uint64
	for i, kind := range []struct {
		name string
		use  func(n int64) uint64
	}{
		{"concrete", func(n int64) uint64 { return useConcrete(n, user) }},
		{"interface", func(n int64) uint64 { return useInterface(n, user) }},
	} {
		kind.use(o.n/100 + 1)
		before := memStats().Mallocs
		s := r.span(kind.name, func() int64 {
			sums[i] = kind.use(o.n)
			return o.n
		})
		r.add(kind.name+"_allocs_per_object", s.perOp(int64(memStats().Mallocs-before)))
		r.add(kind.name+"_ns_per_object", s.nsPerOp())
	}
	if sums[0] != sums[1] {
		fatal("escape: objects on the heap held something else than those on the stack")
	}
	r.add("n", o.n)
	r.memory()
	return nil
}
