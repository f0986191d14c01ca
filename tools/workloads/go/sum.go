// SPDX-License-Identifier: BSD-2-Clause

package main

import "sync/atomic"

//go:noinline
func addUp(values []uint64) (total uint64) {
	for _, v := range values {
		total += v
	}
	return total
}

// Tasks that compute and neither allocate nor wait, each on its part of an array
func sum(o *options, r *result) error {
	values := make([]uint64, o.live()/8)
	tasks := o.parallel()
	var want, total uint64
	for i := range values {
		values[i] = uint64(i)*3 + 1
		want += values[i]
	}
	s := r.span("all", func() int64 {
		parallel(tasks, func(index int) {
			part := values[len(values)*index/tasks : len(values)*(index+1)/tasks]
			var sum uint64
			for pass := int64(0); pass < o.n; pass++ {
				sum += addUp(part)
			}
			atomic.AddUint64(&total, sum)
		})
		return o.n * int64(len(values))
	})
	if total != want*uint64(o.n) {
		fatal("sum: %d instead of %d", total, want*uint64(o.n))
	}
	r.add("n", o.n)
	r.add("tasks", tasks)
	r.add("elapsed_ns", s.ns())
	r.add("array_bytes", o.live())
	r.add("elements", len(values))
	r.add("ns_per_element", s.nsPerOp())
	return nil
}
