// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"runtime/debug"
	"unsafe"
)

const edges = 3

type graphNode struct {
	edges  [edges]*graphNode // the first ones make a ring of all
	number int64
}

func buildGraph(n int64, random *random) *graphNode {
	all := make([]*graphNode, n)
	for i := range all {
		all[i] = &graphNode{number: int64(i)}
	}
	for i, node := range all {
		node.edges[0] = all[(i+1)%len(all)]
		for k := 1; k < edges; k++ {
			node.edges[k] = all[random.next()%uint64(n)]
		}
	}
	return all[0]
}

// Graphs in which every node reaches every other. Nothing but a trace of what is reachable can free them, once they are
// dropped. What remains of them after a collection is told against what there was before, in the heap and resident.
func graph(o *options, r *result) error {
	tasks, nodes := o.parallel(), o.blockBytes
	work := func(graphs int64) int64 {
		parallel(tasks, func(index int) {
			random := random(index)
			for n := share(graphs, tasks, index); n > 0; n-- {
				node := buildGraph(nodes, &random)
				for k := int64(0); k < nodes; k++ {
					if node.number != k {
						fatal("graph: node %d has been overwritten", k)
					}
					node = node.edges[0]
				}
			}
		})
		return graphs * nodes
	}
	work(int64(tasks))
	base := liveBytes()
	debug.FreeOSMemory()
	baseResident := readStatus().resident
	s := r.span("all", func() int64 { return work(o.n) })
	dropped, droppedResident := memStats().HeapAlloc, readStatus().resident
	after := liveBytes()
	debug.FreeOSMemory()
	r.add("n", o.n)
	r.add("tasks", tasks)
	r.add("elapsed_ns", s.ns())
	r.add("nodes", s.N)
	r.add("node_bytes", int64(unsafe.Sizeof(graphNode{})))
	r.add("ns_per_node", s.nsPerOp())
	r.add("base_bytes", base)
	r.add("dropped_bytes", dropped)
	r.add("after_bytes", after)
	r.add("base_resident_bytes", baseResident)
	r.add("dropped_resident_bytes", droppedResident)
	r.add("after_resident_bytes", readStatus().resident)
	r.memory()
	return nil
}
