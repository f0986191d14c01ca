// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// A scenario's result: one JSON line. Keys have their unit at the end.
type result struct {
	fields []field
	spans  map[string]span
}

type field struct {
	key   string
	value any
}

// What was measured: n operations between two readings of CLOCK_MONOTONIC
type span struct {
	Begin int64 `json:"begin_ns"`
	End   int64 `json:"end_ns"`
	N     int64 `json:"n"`
}

func (s span) ns() int64             { return s.End - s.Begin }
func (s span) nsPerOp() float64      { return float64(s.ns()) / float64(s.N) }
func (s span) perOp(x int64) float64 { return float64(x) / float64(s.N) }

// CLOCK_MONOTONIC itself: Go's own time has another origin
func now() int64 {
	var ts syscall.Timespec
	const clockMonotonic = 1
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&ts)), 0)
	if errno != 0 {
		fatal("clock_gettime: %v", errno)
	}
	return ts.Nano()
}

func newResult(name, mode string) *result {
	r := &result{spans: map[string]span{}}
	r.add("scenario", name)
	r.add("runtime", "go")
	r.add("version", runtime.Version())
	if mode != "" {
		r.add("mode", mode)
	}
	return r
}

// What is not finite becomes null
func (r *result) add(key string, value any) {
	if x, ok := value.(float64); ok && (math.IsNaN(x) || math.IsInf(x, 0)) {
		value = nil
	}
	r.fields = append(r.fields, field{key, value})
}

// Measures f, which returns how many operations it was. Nothing of what ran before is left to be collected or swept.
func (r *result) span(name string, f func() int64) span {
	runtime.GC()
	begin := now()
	n := f()
	return r.addSpan(name, begin, n)
}

// Ends a span
func (r *result) addSpan(name string, begin, n int64) span {
	s := span{begin, now(), n}
	r.spans[name] = s
	return s
}

func (r *result) print() error {
	r.add("procs", runtime.GOMAXPROCS(0))
	r.add("spans", r.spans)
	var line bytes.Buffer
	for i, f := range r.fields {
		value, err := json.Marshal(f.value)
		if err != nil {
			return err
		}
		line.WriteByte("{,"[btoi(i > 0)])
		line.WriteString(`"` + f.key + `":`)
		line.Write(value)
	}
	line.WriteString("}\n")
	_, err := os.Stdout.Write(line.Bytes())
	return err
}
