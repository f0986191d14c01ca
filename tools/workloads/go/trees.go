// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"sync/atomic"
	"unsafe"
)

const leastDepth = 4

type treeNode struct{ left, right *treeNode }

func buildTree(depth int) *treeNode {
	if depth == 0 {
		return &treeNode{}
	}
	return &treeNode{buildTree(depth - 1), buildTree(depth - 1)}
}

func (t *treeNode) count() int64 {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

// Binary trees without contents, counted and dropped, beside one that lives; each depth has a goroutine of its own
func trees(o *options, r *result) error {
	most := int(o.n)
	buildTree(most / 2).count()
	s := r.span("all", func() int64 {
		nodes := buildTree(most + 1).count()
		lives := buildTree(most)
		if most >= leastDepth {
			parallel((most-leastDepth)/2+1, func(index int) {
				depth := leastDepth + 2*index
				var n int64
				for i := 0; i < 1<<(most+leastDepth-depth); i++ {
					n += buildTree(depth).count()
				}
				atomic.AddInt64(&nodes, n)
			})
		}
		return nodes + lives.count()
	})
	if want := nodesExpected(most); s.N != want {
		fatal("trees: %d nodes counted instead of %d", s.N, want)
	}
	r.add("n", o.n)
	r.add("elapsed_ns", s.ns())
	r.add("nodes", s.N)
	r.add("node_bytes", int64(unsafe.Sizeof(treeNode{})))
	r.add("ns_per_node", s.nsPerOp())
	r.memory()
	return nil
}

// A tree of a given depth has 2^(depth + 1) - 1 nodes
func nodesExpected(most int) int64 {
	ofDepth := func(depth int) int64 { return 2<<depth - 1 }
	nodes := ofDepth(most+1) + ofDepth(most)
	for depth := leastDepth; depth <= most; depth += 2 {
		nodes += ofDepth(depth) << (most + leastDepth - depth)
	}
	return nodes
}
