// SPDX-License-Identifier: BSD-2-Clause

// Memory of each kind, in known amounts. Says "ready PID", then "NAME BYTES" for each and for what the runtime tells of
// itself, and waits, without a collection, until a line comes.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
)

const mib = 1 << 20

var live, fresh, old [][]byte
var untouched []byte
var park = make(chan bool)

func fill(n, size int) [][]byte {
	all := make([][]byte, 0, n)
	for i := 0; i < n; i++ {
		b := make([]byte, size)
		for j := 0; j < size; j += 512 {
			b[j] = 1
		}
		all = append(all, b)
	}
	return all
}

// Its stack is 32 KiB afterwards, half of it touched.
func deep(n int) int {
	var room [1000]byte
	if n == 0 {
		<-park
		return 0
	}
	room[n] = 1
	return deep(n-1) + int(room[n+1])
}

// The number after VmRSS, from the open /proc/self/status; allocates nothing.
func appendRSS(to []byte, status int, text []byte) []byte {
	n, _ := syscall.Pread(status, text, 0)
	rest := text[bytes.Index(text[:n], []byte("VmRSS:"))+6 : n]
	return append(to, bytes.TrimSpace(rest[:bytes.Index(rest, []byte("kB"))])...)
}

func main() {
	live = fill(16*mib/4096, 4096)
	old = fill(20, mib)
	for i := 0; i < 200; i++ {
		go deep(15)
	}
	runtime.Gosched()
	runtime.GC()
	runtime.GC()
	debug.SetGCPercent(-1)
	fresh = fill(8*mib/4096, 4096)
	untouched = make([]byte, 256*mib)
	samples := metrics.All()
	wanted := []metrics.Sample{}
	for _, s := range samples {
		if strings.HasPrefix(s.Name, "/memory/classes/") {
			wanted = append(wanted, metrics.Sample{Name: s.Name})
		}
	}
	fmt.Printf("ready %d\n", os.Getpid())
	fmt.Printf("live %d\nold %d\nfresh %d\n", 16*mib, 20*mib, 8*mib)
	// from here on nothing is allocated: for the next object the heap may have to grow, by megabytes
	status, _ := syscall.Open("/proc/self/status", 0, 0)
	text, out := make([]byte, 4096), make([]byte, 0, 16384)
	metrics.Read(wanted)
	metrics.Read(wanted)
	for _, s := range wanted {
		out = append(append(out, strings.TrimSuffix(s.Name, ":bytes")...), ' ')
		out = append(strconv.AppendUint(out, s.Value.Uint64(), 10), '\n')
	}
	out = append(appendRSS(append(out, "rss "...), status, text), " kB\n"...)
	syscall.Write(1, out)
	var line [1]byte
	syscall.Read(0, line[:])
	runtime.KeepAlive(old)
}
