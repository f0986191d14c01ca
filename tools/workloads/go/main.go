// SPDX-License-Identifier: BSD-2-Clause

// go-bench SCENARIO [options]: the scenarios of weft-bench and native-bench, and some of Go's own, as Go is written.
// Prints the result as one JSON line (result.go).
package main

import (
	"fmt"
	"os"
	"runtime"
)

type scenario struct {
	name, help string
	takes      string // names of the options that mean something to it (options.go); -p always does
	modes      []mode // the first one is the default
	defaults   options
	most       int64 // of -n; 0: any
	run        func(o *options, r *result) error
}

type mode struct {
	name string
	n    int64 // default of -n; 0: the scenario's
}

var scenarios = []scenario{
	{name: "pingpong", takes: "n m", help: "two goroutines switch -n times each",
		modes: []mode{{"yield", 1000000}, {"chan", 500000}, {"thread", 20000}}, run: pingpong},
	{name: "spawn", takes: "n", help: "-n goroutines that end at once",
		defaults: options{n: 500000}, run: spawn},
	{name: "idle", takes: "n t", help: "-n goroutines blocked for -t seconds",
		defaults: options{n: 100000, seconds: 0.1}, run: idle},
	{name: "preempt", takes: "t j", help: "-j loops without calls, of -t seconds, beside one goroutine that naps",
		defaults: options{seconds: 0.5}, run: preempt},
	{name: "stw", takes: "n t j", help: "-n collections, each beside -j loops without calls, of -t seconds",
		defaults: options{n: 5, seconds: 0.05, tasks: 1}, run: stw},
	{name: "alloc", takes: "n b j", help: "-n arrays of -b bytes (100 ints) in all, each kept for a moment",
		defaults: options{n: 1000000, blockBytes: 800}, run: alloc},
	{name: "large", takes: "n b j", help: "alloc, with arrays of 1 KiB",
		defaults: options{n: 1000000, blockBytes: 1024}, run: alloc},
	{name: "churn", takes: "n t b l j",
		help:     "blocks of -b bytes replace others in a live heap of -l MiB, for -t seconds or -n times",
		defaults: options{seconds: 1, blockBytes: 1024, liveMiB: 64}, run: churn},
	{name: "trees", takes: "n", help: "binary trees of up to -n levels, built and dropped",
		defaults: options{n: 14}, most: 32, run: trees},
	{name: "graph", takes: "n b j", help: "-n cyclic graphs of -b nodes, built and dropped",
		defaults: options{n: 20000, blockBytes: 100}, run: graph},
	{name: "nodes", takes: "n m", help: "memory for each of -n linked nodes",
		modes: []mode{{name: "list"}, {name: "tree"}}, defaults: options{n: 1000000}, run: nodes},
	{name: "leak", takes: "n t b r",
		help:     "a map that only grows, by -r MiB a second in values of -b bytes, for -t seconds or -n MiB",
		defaults: options{seconds: 1, blockBytes: 1024, rate: 50}, run: leak},
	{name: "dispatch", takes: "n", help: "-n calls each, by how the target is found",
		defaults: options{n: 20000000}, run: dispatch},
	{name: "escape", takes: "n", help: "-n small objects on the stack, then through an interface",
		defaults: options{n: 10000000}, run: escape},
	{name: "generic", takes: "n", help: "-n steps each, of concrete and of generic functions",
		defaults: options{n: 50000000}, run: generic},
	{name: "devirt", takes: "n cpuprofile",
		help:     "-n calls by an interface, nearly all to one type: what a profile is for (pgo.sh)",
		defaults: options{n: 50000000}, run: devirt},
	{name: "sum", takes: "n l j", help: "-j goroutines add up an array of -l MiB -n times",
		defaults: options{n: 200, liveMiB: 8}, run: sum},
	{name: "facts", help: "sizes, and what nil is", run: facts},
	{name: "refcount", takes: "n j", help: "-n increments each: plain, atomic, and atomic by -j goroutines at once",
		defaults: options{n: 20000000}, run: refcount},
	{name: "blocking", takes: "t j", help: "-j goroutines each block in a system call for -t seconds",
		defaults: options{seconds: 0.05, tasks: 100}, most: 5000, run: blocking},
	{name: "steal", takes: "n", help: "-n tasks of some microseconds, all started by one goroutine",
		defaults: options{n: 20000}, run: steal},
	{name: "cpu", takes: "n", help: "computes: fib, sieve, matmul, mandelbrot, words; each -n times",
		defaults: options{n: 3}, run: cpu},
	{name: "start", help: "an HTTP server answers one request, and ends", run: start},
	{name: "serve", takes: "b l",
		help:     "an HTTP server until SIGTERM: each request takes -b bytes, beside a live heap of -l MiB",
		defaults: options{blockBytes: 1 << 20, liveMiB: 16}, run: serve},
	{name: "connections", takes: "n t", help: "-n idle TCP connections, a goroutine each, for -t seconds",
		defaults: options{n: 5000, seconds: 0.1}, run: connections},
}

func fatal(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "go-bench: "+format+"\n", args...)
	os.Exit(1)
}

func main() {
	if len(os.Args) < 2 {
		usage(os.Stdout)
		return
	}
	s, o := parse(os.Args[1:])
	if o.procs > 0 {
		runtime.GOMAXPROCS(int(o.procs))
	}
	r := newResult(s.name, o.mode)
	if err := s.run(o, r); err != nil {
		fatal("%s: %v", s.name, err)
	}
	if err := r.print(); err != nil {
		fatal("the result cannot be written to standard output: %v", err)
	}
}
