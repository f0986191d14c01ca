// SPDX-License-Identifier: BSD-2-Clause

package main

import "reflect"

// More than a predictor learns by heart, while all of it stays in L2
const mixerCount = 16384

// The same objects, held in each of the ways that they are called by. In mixed their types come in random order, in all
// others they are adders.
type callees struct {
	adders   []*adder
	mixers   []mixer
	mixed    []mixer
	closures []func(x uint64) uint64
	anys     []any
}

func newCallees() *callees {
	c := &callees{}
	random := random(1)
	for i := 0; i < mixerCount; i++ {
		value := random.next()
		a := &adder{value}
		c.adders = append(c.adders, a)
		c.mixers = append(c.mixers, a)
		c.anys = append(c.anys, a)
		c.closures = append(c.closures, func(x uint64) uint64 { return x + value })
		c.mixed = append(c.mixed, newMixer(int(value%mixerTypes), value))
	}
	return c
}

// Each calls all objects once; the value is passed along, and returned. None is inlined, so that no loop knows what it
// is called with.

//go:noinline
func callInlined(c *callees, x uint64) uint64 {
	for _, a := range c.adders {
		x = a.mixInline(x)
	}
	return x
}

//go:noinline
func callDirect(c *callees, x uint64) uint64 {
	for _, a := range c.adders {
		x = a.mix(x)
	}
	return x
}

// By an interface whose type the compiler sees, and so calls directly
//
//go:noinline
func callDevirtualised(c *callees, x uint64) uint64 {
	for _, a := range c.adders {
		var m mixer = a
		x = m.mix(x)
	}
	return x
}

//go:noinline
func callInterface(mixers []mixer, x uint64) uint64 {
	for _, m := range mixers {
		x = m.mix(x)
	}
	return x
}

//go:noinline
func callClosure(c *callees, x uint64) uint64 {
	for _, f := range c.closures {
		x = f(x)
	}
	return x
}

//go:noinline
func callAsserted(c *callees, x uint64) uint64 {
	for _, m := range c.mixers {
		x = m.(*adder).mixInline(x)
	}
	return x
}

//go:noinline
func callSwitched(mixers []mixer, x uint64) uint64 {
	for _, m := range mixers {
		switch m := m.(type) {
		case *scaler:
			x = m.mixInline(x)
		case *subtracter:
			x = m.mixInline(x)
		case *xorer:
			x = m.mixInline(x)
		case *adder:
			x = m.mixInline(x)
		}
	}
	return x
}

// Which methods a value has is looked up where it becomes another interface; the runtime remembers what it found
//
//go:noinline
func callLookedUp(c *callees, x uint64) uint64 {
	for _, a := range c.anys {
		x = a.(mixer).mix(x)
	}
	return x
}

// By names that are known only when it runs
//
//go:noinline
func callReflected(methods []reflect.Value, x uint64) uint64 {
	arg := make([]reflect.Value, 1)
	for _, m := range methods {
		arg[0] = reflect.ValueOf(x)
		x = m.Call(arg)[0].Uint()
	}
	return x
}

// What a call costs by how its target is found
func dispatch(o *options, r *result) error {
	c := newCallees()
	rounds := (o.n + mixerCount - 1) / mixerCount
	same := []struct {
		name string
		call func(x uint64) uint64
	}{
		{"inlined", func(x uint64) uint64 { return callInlined(c, x) }},
		{"direct", func(x uint64) uint64 { return callDirect(c, x) }},
		{"devirtualised", func(x uint64) uint64 { return callDevirtualised(c, x) }},
		{"interface", func(x uint64) uint64 { return callInterface(c.mixers, x) }},
		{"closure", func(x uint64) uint64 { return callClosure(c, x) }},
		{"assert", func(x uint64) uint64 { return callAsserted(c, x) }},
		{"typeswitch", func(x uint64) uint64 { return callSwitched(c.mixers, x) }},
		{"itab", func(x uint64) uint64 { return callLookedUp(c, x) }},
	}
	want := callInlined(c, 0) * uint64(rounds)
	for _, s := range same {
		if got := r.calls(s.name, rounds, s.call); got != want {
			fatal("dispatch: %s has computed something else than the others", s.name)
		}
	}
	mixed := r.calls("interface_mixed", rounds, func(x uint64) uint64 { return callInterface(c.mixed, x) })
	if mixed != r.calls("typeswitch_mixed", rounds, func(x uint64) uint64 { return callSwitched(c.mixed, x) }) {
		fatal("dispatch: typeswitch_mixed has computed something else than interface_mixed")
	}
	r.reflected(c, rounds)
	r.add("n", rounds*mixerCount)
	return nil
}

// One round to warm up, then a span of `rounds`, each of mixerCount operations; returns what that has computed
func (r *result) calls(name string, rounds int64, round func(x uint64) uint64) (x uint64) {
	round(0)
	s := r.span(name, func() int64 {
		for i := int64(0); i < rounds; i++ {
			x = round(x)
		}
		return rounds * mixerCount
	})
	r.add(name+"_ns", s.nsPerOp())
	return x
}

// So slow that one round in 50 will do
func (r *result) reflected(c *callees, rounds int64) {
	methods := make([]reflect.Value, mixerCount)
	for i, f := range c.closures {
		methods[i] = reflect.ValueOf(f)
	}
	r.calls("reflect_call", (rounds+49)/50, func(x uint64) uint64 { return callReflected(methods, x) })
}
