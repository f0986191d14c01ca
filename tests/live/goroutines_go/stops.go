// SPDX-License-Identifier: BSD-2-Clause

package main

import "runtime/metrics"

// How often the world was stopped; -1: this version does not tell. (Go 1.22 and later)
func stops() int {
	s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}, {Name: "/sched/pauses/total/other:seconds"}}
	n := 0
	metrics.Read(s)
	for _, m := range s {
		if m.Value.Kind() != metrics.KindFloat64Histogram {
			return -1
		}
		for _, c := range m.Value.Float64Histogram().Counts {
			n += int(c)
		}
	}
	return n
}
