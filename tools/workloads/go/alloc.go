// SPDX-License-Identifier: BSD-2-Clause

package main

import "sync/atomic"

const (
	kept     = 1024
	intBytes = 8
)

// Arrays of ints. Each task keeps its last ones; older ones are dropped, and looked at before that.
func alloc(o *options, r *result) error {
	ints := (o.blockBytes + intBytes - 1) / intBytes
	tasks := o.parallel()
	var wrong int64
	work := func(n int64) int64 {
		parallel(tasks, func(index int) { atomic.AddInt64(&wrong, allocate(share(n, tasks, index), ints)) })
		return n
	}
	work(int64(tasks) * kept)
	before := memStats()
	s := r.span("all", func() int64 { return work(o.n) })
	after := memStats()
	if wrong != 0 {
		fatal("%d arrays have been overwritten", wrong)
	}
	r.add("n", o.n)
	r.add("tasks", tasks)
	r.add("elapsed_ns", s.ns())
	r.add("block_bytes", ints*intBytes)
	r.add("allocated_bytes", o.n*ints*intBytes)
	r.add("counted_bytes", after.TotalAlloc-before.TotalAlloc)
	r.add("ns_per_block", s.nsPerOp())
	r.add("collections_in_span", after.NumGC-before.NumGC-1)
	r.memory()
	return nil
}

// How many were found with something else in them than was written
func allocate(n, ints int64) (wrong int64) {
	var last [kept][]int
	for i := int64(0); i < n; i++ {
		array := make([]int, ints)
		for k := range array {
			array[k] = int(i)
		}
		if old := last[i%kept]; old != nil && (old[0] != int(i-kept) || old[ints-1] != int(i-kept)) {
			wrong++
		}
		last[i%kept] = array
	}
	return wrong
}
