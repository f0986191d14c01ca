// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"runtime"
	"unsafe"
)

// left is a list's next one
type linkedNode struct {
	left, right *linkedNode
	key         int64
}

func linkedList(n int64) (first *linkedNode) {
	for i := n - 1; i >= 0; i-- {
		first = &linkedNode{left: first, key: i}
	}
	return first
}

// The keys from first on, in order from left to right
func linkedTree(first, n int64) *linkedNode {
	if n == 0 {
		return nil
	}
	left := linkedTree(first, n/2)
	return &linkedNode{left, linkedTree(first+n/2+1, n-n/2-1), first + n/2}
}

func (t *linkedNode) inOrder(next *int64) bool {
	if t == nil {
		return true
	}
	if !t.left.inOrder(next) || t.key != *next {
		return false
	}
	*next++
	return t.right.inOrder(next)
}

func (t *linkedNode) listed(next *int64) bool {
	for ; t != nil && t.key == *next; t = t.left {
		*next++
	}
	return t == nil
}

// A list or a tree that stays, and what its nodes take in the heap after a collection, and of the kernel's memory
func nodes(o *options, r *result) error {
	base, baseResident := liveBytes(), readStatus().resident
	var first *linkedNode
	s := r.span("all", func() int64 {
		if o.mode == "tree" {
			first = linkedTree(0, o.n)
		} else {
			first = linkedList(o.n)
		}
		return o.n
	})
	used := liveBytes() - base
	resident := readStatus().resident - baseResident
	var next int64
	check := first.listed
	if o.mode == "tree" {
		check = first.inOrder
	}
	if !check(&next) || next != o.n {
		fatal("nodes: node %d has been overwritten", next)
	}
	runtime.KeepAlive(first)
	r.add("n", o.n)
	r.add("elapsed_ns", s.ns())
	r.add("node_bytes", int64(unsafe.Sizeof(linkedNode{})))
	r.add("ns_per_node", s.nsPerOp())
	r.add("heap_bytes_per_node", s.perOp(used))
	r.add("resident_bytes_per_node", s.perOp(resident))
	r.memory()
	return nil
}
