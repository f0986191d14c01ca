// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"math"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
)

// What the runtime says of itself. A version that does not know a name gives null.
var names = [...]struct{ key, name string }{
	{"stopping_gc", "/sched/pauses/stopping/gc:seconds"},
	{"stopping_other", "/sched/pauses/stopping/other:seconds"},
	{"total_gc", "/sched/pauses/total/gc:seconds"},
	{"total_other", "/sched/pauses/total/other:seconds"},
	{"gc_pauses", "/gc/pauses:seconds"},
	{"latencies", "/sched/latencies:seconds"},
	{"goroutines_created", "/sched/goroutines-created:goroutines"},
	{"cycles", "/gc/cycles/total:gc-cycles"},
	{"gc_assist_ns", "/cpu/classes/gc/mark/assist:cpu-seconds"},
	{"gc_dedicated_ns", "/cpu/classes/gc/mark/dedicated:cpu-seconds"},
	{"gc_idle_ns", "/cpu/classes/gc/mark/idle:cpu-seconds"},
	{"gc_pause_ns", "/cpu/classes/gc/pause:cpu-seconds"},
	{"gc_total_ns", "/cpu/classes/gc/total:cpu-seconds"},
	{"scavenge_assist_ns", "/cpu/classes/scavenge/assist:cpu-seconds"},
	{"scavenge_background_ns", "/cpu/classes/scavenge/background:cpu-seconds"},
	{"scavenge_total_ns", "/cpu/classes/scavenge/total:cpu-seconds"},
	{"idle_ns", "/cpu/classes/idle:cpu-seconds"},
	{"user_ns", "/cpu/classes/user:cpu-seconds"},
	{"total_ns", "/cpu/classes/total:cpu-seconds"},
}

type snapshot struct {
	mem     runtime.MemStats
	samples []metrics.Sample
	said    struct{ bytes, objects uint64 }
}

// prepare makes room, so that take needs none.
func (s *snapshot) prepare() {
	s.samples = make([]metrics.Sample, len(names))
	for i := range names {
		s.samples[i].Name = names[i].name
	}
	metrics.Read(s.samples)
}

// take: the world is stopped by ReadMemStats, and metrics, read after it, know of that stop.
func (s *snapshot) take(counted bool) {
	runtime.ReadMemStats(&s.mem)
	metrics.Read(s.samples)
	if counted {
		done.memStats++
	}
}

func appendTruth(out []byte, before, after *snapshot) []byte {
	after.said.bytes = after.mem.TotalAlloc - before.mem.TotalAlloc
	after.said.objects = after.mem.Mallocs - before.mem.Mallocs
	cycles := after.mem.NumGC - before.mem.NumGC

	out = append(out, `{"schema":"truth/1","go":"`...)
	out = append(out, runtime.Version()...)
	out = append(out, '"')
	out = number(out, "pid", int64(os.Getpid()))
	out = number(out, "cycles", int64(cycles))
	out = number(out, "pause_total_ns", int64(after.mem.PauseTotalNs-before.mem.PauseTotalNs))
	out = append(out, `,"pause_ns":`...)
	if int(cycles) > len(after.mem.PauseNs) { // the ring holds no more
		out = append(out, "null"...)
	} else {
		out = append(out, '[')
		for n := before.mem.NumGC; n != after.mem.NumGC; n++ {
			if n != before.mem.NumGC {
				out = append(out, ',')
			}
			out = strconv.AppendUint(out, after.mem.PauseNs[n%uint32(len(after.mem.PauseNs))], 10)
		}
		out = append(out, ']')
	}
	out = number(out, "bytes", int64(after.said.bytes))
	out = number(out, "objects", int64(after.said.objects))
	out = number(out, "frees", int64(after.mem.Frees-before.mem.Frees))
	out = number(out, "known_bytes", int64(done.knownBytes))
	out = number(out, "known_objects", int64(done.knownObjects))
	out = number(out, "created", done.created)
	out = number(out, "switches", done.switches)
	out = number(out, "syscalls", done.syscalls)
	out = number(out, "cgo_calls", done.cgoCalls)
	out = number(out, "callbacks", done.callbacks)
	out = append(out, `,"other":{"read mem stats":`...)
	out = strconv.AppendInt(out, done.memStats, 10)
	out = number(out, "GOMAXPROCS", done.procs)
	out = number(out, "all goroutines stack trace", done.stacks)
	out = number(out, "goroutine profile", done.profiles)
	out = number(out, "goroutine profile cleanup", done.profiles)
	out = number(out, "write heap dump", done.heapDumps)
	out = append(out, `},"metrics":{`...)
	for i := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, '"')
		out = append(out, names[i].key...)
		out = append(out, '"', ':')
		out = appendMetric(out, before.samples[i].Value, after.samples[i].Value)
	}
	return append(out, '}', '}', '\n')
}

func number(out []byte, key string, n int64) []byte {
	out = append(out, ',', '"')
	out = append(out, key...)
	out = append(out, '"', ':')
	return strconv.AppendInt(out, n, 10)
}

// appendMetric: a number (seconds as ns), or a histogram as [[from_ns, to_ns, count], ...] of what is not 0; null where it is open.
func appendMetric(out []byte, before, after metrics.Value) []byte {
	switch after.Kind() {
	case metrics.KindUint64:
		return strconv.AppendUint(out, after.Uint64()-before.Uint64(), 10)
	case metrics.KindFloat64:
		return strconv.AppendInt(out, toNs(after.Float64())-toNs(before.Float64()), 10)
	case metrics.KindFloat64Histogram:
		was, is := before.Float64Histogram(), after.Float64Histogram()
		empty := true
		out = append(out, '[')
		for i := range is.Counts {
			if is.Counts[i] == was.Counts[i] {
				continue
			}
			if !empty {
				out = append(out, ',')
			}
			empty = false
			out = append(out, '[')
			out = appendNs(out, is.Buckets[i])
			out = append(out, ',')
			out = appendNs(out, is.Buckets[i+1])
			out = append(out, ',')
			out = strconv.AppendUint(out, is.Counts[i]-was.Counts[i], 10)
			out = append(out, ']')
		}
		return append(out, ']')
	}
	return append(out, "null"...)
}

func appendNs(out []byte, seconds float64) []byte {
	if math.IsInf(seconds, 0) {
		return append(out, "null"...)
	}
	return strconv.AppendInt(out, toNs(seconds), 10)
}

func toNs(seconds float64) int64 { return int64(math.Round(seconds * 1e9)) }
