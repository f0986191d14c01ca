// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
)

// What the kernel says of this process, in bytes
type status struct{ resident, peak, virtual int64 }

func readStatus() status {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fatal("%v", err)
	}
	var s status
	for _, f := range []struct {
		key  string
		into *int64
	}{{"VmRSS:", &s.resident}, {"VmHWM:", &s.peak}, {"VmSize:", &s.virtual}} {
		_, after, _ := strings.Cut(string(text), f.key)
		if n, _ := fmt.Sscan(after, f.into); n != 1 {
			fatal("/proc/self/status has no %s", f.key)
		}
		*f.into *= 1024
	}
	return s
}

func memStats() runtime.MemStats {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m
}

// Bytes in live objects, after a collection
func liveBytes() int64 {
	runtime.GC()
	return int64(memStats().HeapAlloc)
}

// What the runtime and the kernel say now
func (r *result) memory() {
	m, s := memStats(), readStatus()
	r.add("collections", m.NumGC)
	r.add("heap_bytes", m.HeapAlloc)
	r.add("mapped_bytes", m.Sys-m.HeapReleased)
	r.add("resident_bytes", s.resident)
	r.add("peak_resident_bytes", s.peak)
}

// The runtime's own account of its pauses after collection `since`, of which it keeps the last 256
func (r *result) pauses(since uint32, m *runtime.MemStats) {
	var ns []int64
	for i := m.NumGC; i > since && m.NumGC-i < uint32(len(m.PauseNs)); i-- {
		ns = append(ns, int64(m.PauseNs[(i+255)%256]))
	}
	r.quantiles("pause", ns)
}

// PREFIX_p50_ns, _p99_ and _max_; null where there are no times
func (r *result) quantiles(prefix string, ns []int64) {
	sort.Slice(ns, func(i, k int) bool { return ns[i] < ns[k] })
	for _, q := range []struct {
		name  string
		share float64
	}{{"_p50_ns", 0.5}, {"_p99_ns", 0.99}, {"_max_ns", 1}} {
		if len(ns) == 0 {
			r.add(prefix+q.name, nil)
			continue
		}
		r.add(prefix+q.name, ns[int(q.share*float64(len(ns)-1)+0.5)])
	}
}
