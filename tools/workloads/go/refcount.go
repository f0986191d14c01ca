// SPDX-License-Identifier: BSD-2-Clause

package main

import "sync/atomic"

type counted struct{ references int64 }

//go:noinline
func countPlain(c *counted, n int64) {
	for i := int64(0); i < n; i++ {
		c.references++
	}
}

//go:noinline
func countAtomic(c *counted, n int64) {
	for i := int64(0); i < n; i++ {
		atomic.AddInt64(&c.references, 1)
	}
}

// What a reference more on an object costs, by how it is counted
func refcount(o *options, r *result) error {
	tasks := o.parallel()
	for _, kind := range []struct {
		name  string
		count func(c *counted)
	}{
		{"plain", func(c *counted) { countPlain(c, o.n) }},
		{"atomic", func(c *counted) { countAtomic(c, o.n) }},
		{"contended", func(c *counted) {
			parallel(tasks, func(index int) { countAtomic(c, share(o.n, tasks, index)) })
		}},
	} {
		c := &counted{}
		s := r.span(kind.name, func() int64 {
			kind.count(c)
			return o.n
		})
		if c.references != o.n {
			fatal("refcount: %s has counted to %d instead of %d", kind.name, c.references, o.n)
		}
		r.add(kind.name+"_ns", s.nsPerOp())
	}
	r.add("n", o.n)
	r.add("tasks", tasks)
	return nil
}
