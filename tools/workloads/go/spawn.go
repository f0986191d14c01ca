// SPDX-License-Identifier: BSD-2-Clause

package main

import "sync"

const spawnBatch = 100

// Goroutines that end at once, in batches that are waited for
func spawn(o *options, r *result) error {
	var done sync.WaitGroup
	work := func(n int64) int64 {
		for left := n; left > 0; left -= spawnBatch {
			batch := spawnBatch
			if left < spawnBatch {
				batch = int(left)
			}
			done.Add(batch)
			for i := 0; i < batch; i++ {
				go done.Done()
			}
			done.Wait()
		}
		return n
	}
	work(spawnBatch)
	s := r.span("all", func() int64 { return work(o.n) })
	r.add("n", o.n)
	r.add("elapsed_ns", s.ns())
	r.add("ns_per_task", s.nsPerOp())
	return nil
}
