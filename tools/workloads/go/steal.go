// SPDX-License-Identifier: BSD-2-Clause

package main

const stealRounds = 5000 // of spin(): some microseconds

// Work that one goroutine, and so one P, has created: other threads run it only where they steal it
func steal(o *options, r *result) error {
	ranOn := make([]int, o.n)
	var never uint32
	s := r.span("all", func() int64 {
		parallel(int(o.n), func(index int) {
			spin(stealRounds, &never)
			ranOn[index] = threadID()
		})
		return o.n
	})
	tasks := map[int]int64{}
	for _, id := range ranOn {
		tasks[id]++
	}
	var most int64
	for _, n := range tasks {
		if n > most {
			most = n
		}
	}
	r.add("n", o.n)
	r.add("elapsed_ns", s.ns())
	r.add("ns_per_task", s.nsPerOp())
	r.add("threads", len(tasks))
	r.add("most_on_one_thread", most)
	return nil
}
