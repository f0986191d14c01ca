// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"math"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
)

// A live heap of blocks, one after another replaced by a new one at random places. A block bears a tag at its start and
// at its end. Filling the heap is not measured.
func churn(o *options, r *result) error {
	tasks := o.parallel()
	words := o.blockBytes / 8
	if words < 2 {
		words = 2
	}
	slots := o.live() / (words * 8) / int64(tasks)
	if slots == 0 {
		slots = 1
	}
	heaps := make([]blocks, tasks)
	parallel(tasks, func(index int) { heaps[index] = fill(slots, words) })
	runtime.GC()
	before, cpuBefore := memStats(), readGCCPU()
	begin := now()
	var replaced int64
	parallel(tasks, func(index int) {
		n, end := share(o.n, tasks, index), begin+o.duration().Nanoseconds()
		if !o.nGiven {
			n = math.MaxInt64
		}
		done := heaps[index].churn(index, words, n, end)
		atomic.AddInt64(&replaced, done)
	})
	s := r.addSpan("all", begin, replaced)
	cpu := readGCCPU().since(cpuBefore)
	after := memStats()
	runtime.KeepAlive(heaps)
	r.add("n", s.N)
	r.add("tasks", tasks)
	r.add("elapsed_ns", s.ns())
	r.add("block_bytes", words*8)
	r.add("live_bytes", slots*int64(tasks)*words*8)
	r.add("allocated_bytes", s.N*words*8)
	r.add("ns_per_block", s.nsPerOp())
	r.add("collections_in_span", after.NumGC-before.NumGC)
	r.add("gc_cpu_ns", cpu.ns())
	r.add("gc_cpu_fraction", cpu.fraction())
	r.pauses(before.NumGC, &after)
	r.memory()
	return nil
}

type blocks [][]uint64

func fill(slots, words int64) blocks {
	b := make(blocks, slots)
	for i := range b {
		b[i] = make([]uint64, words)
	}
	return b
}

// Replaces n blocks, or as many as it can until then. Returns how many.
func (b blocks) churn(index int, words, n, end int64) int64 {
	random := random(index)
	for i := int64(0); i < n; i++ {
		if n == math.MaxInt64 && i%64 == 0 && now() >= end {
			return i
		}
		b.replace(random.next(), words)
	}
	return n
}

func (b blocks) replace(at uint64, words int64) {
	slot := at % uint64(len(b))
	if old := b[slot]; old[0] != old[words-1] {
		fatal("churn: a live block has been overwritten")
	}
	block := make([]uint64, words)
	block[0], block[words-1] = at, at
	b[slot] = block
}

// CPU time by the runtime's own account, for which a thread that waits for a CPU has one. What the collector does where
// there is nothing else to do is in neither figure. Go before 1.20 has no such figures.
type gcCPU struct {
	known     bool
	gc, total float64 // seconds
}

func readGCCPU() gcCPU {
	s := []metrics.Sample{
		{Name: "/cpu/classes/gc/total:cpu-seconds"},
		{Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
		{Name: "/cpu/classes/total:cpu-seconds"},
		{Name: "/cpu/classes/idle:cpu-seconds"},
	}
	metrics.Read(s)
	for _, x := range s {
		if x.Value.Kind() != metrics.KindFloat64 {
			return gcCPU{}
		}
	}
	idleMarking := s[1].Value.Float64()
	return gcCPU{true, s[0].Value.Float64() - idleMarking, s[2].Value.Float64() - s[3].Value.Float64() - idleMarking}
}

func (c gcCPU) since(b gcCPU) gcCPU { return gcCPU{c.known && b.known, c.gc - b.gc, c.total - b.total} }

func (c gcCPU) ns() any {
	if !c.known {
		return nil
	}
	return int64(c.gc * 1e9)
}

func (c gcCPU) fraction() any {
	if !c.known || c.total <= 0 {
		return nil
	}
	return c.gc / c.total
}
