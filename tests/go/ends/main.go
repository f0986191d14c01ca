// SPDX-License-Identifier: BSD-2-Clause

// ends works for as long as it is told, says what its runtime has counted of it until then, and ends at once in the way
// it is told: so nothing may be missing in what a profiler says of it.
//
//	ends ROUNDS|SECONDSs return|exit|panic|killed
//
// Prints {"bytes", "objects", "frees", "collections", "pause_ns", "switches"} in one line; "switches" is at least what
// it has switched between goroutines by its own counting.
package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var kept []byte

func main() {
	until := time.Now()
	rounds, err := strconv.Atoi(strings.TrimSuffix(os.Args[1], "s"))
	if err != nil || len(os.Args) != 3 {
		os.Exit(4)
	}
	if strings.HasSuffix(os.Args[1], "s") {
		until = until.Add(time.Duration(rounds) * time.Second)
		rounds = 0
	}
	// on one P each side has to wait for the other, so each round trip is two switches
	runtime.GOMAXPROCS(1)
	ping, pong := make(chan int), make(chan int)
	go func() {
		for i := range ping {
			pong <- i
		}
		close(pong)
	}()
	i := 0
	for ; i < rounds || time.Now().Before(until); i++ {
		ping <- i
		<-pong
		kept = make([]byte, 1+i%3000)
	}
	close(ping)
	<-pong
	runtime.GOMAXPROCS(2)
	end(os.Args[2], 2*uint64(i)+2)
}

func end(how string, switches uint64) {
	var m runtime.MemStats
	line := make([]byte, 0, 1024)
	said := [...]struct {
		name  string
		value *uint64
	}{
		{`{"bytes":`, &m.TotalAlloc}, {`,"objects":`, &m.Mallocs}, {`,"frees":`, &m.Frees},
		{`,"pause_ns":`, &m.PauseTotalNs}, {`,"switches":`, &switches},
	}
	runtime.ReadMemStats(&m)
	// nothing is allocated from here on
	for _, s := range said {
		line = append(line, s.name...)
		line = strconv.AppendUint(line, *s.value, 10)
	}
	line = append(line, `,"collections":`...)
	line = strconv.AppendUint(line, uint64(m.NumGC), 10)
	line = append(line, "}\n"...)
	syscall.Write(1, line)
	switch how {
	case "exit":
		os.Exit(3)
	case "panic":
		var nobody *int
		*nobody = 1
	case "killed":
		syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	}
}
