// SPDX-License-Identifier: BSD-2-Clause

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
)

// The least that a server program does: listen, answer one request, end
func start(o *options, r *result) error {
	begin := now()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	answer, err := http.Get("http://" + listener.Addr().String() + "/")
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil || string(body) != "hello" {
		return fmt.Errorf("the answer was %q: %w", body, err)
	}
	s := r.addSpan("all", begin, 1)
	r.add("n", s.N)
	r.add("elapsed_ns", s.ns())
	r.add("peak_resident_bytes", readStatus().peak)
	return nil
}

// Answers each request with the sum of memory that was taken for it, until it is told to end
func serve(o *options, r *result) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	const liveBlock = 1024
	live := fill(o.live()/liveBlock, liveBlock/8)
	var requests int64
	handler := func(w http.ResponseWriter, _ *http.Request) {
		sum := fillAndSum(make([]byte, o.blockBytes))
		atomic.AddInt64(&requests, 1)
		io.WriteString(w, strconv.FormatUint(sum, 10))
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	begin := now()
	failed := make(chan error, 1)
	go func() { failed <- http.Serve(listener, http.HandlerFunc(handler)) }()
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	select {
	case err := <-failed:
		return err
	case <-end:
	}
	s := r.addSpan("all", begin, atomic.LoadInt64(&requests))
	runtime.KeepAlive(live)
	r.add("n", s.N)
	r.add("elapsed_ns", s.ns())
	r.add("block_bytes", o.blockBytes)
	r.add("live_bytes", o.live())
	m := memStats()
	r.pauses(0, &m)
	r.memory()
	return nil
}

// Writes to each page, and adds up what is there then
func fillAndSum(memory []byte) (sum uint64) {
	const page = 4096
	for i := 0; i < len(memory); i += page {
		memory[i] = byte(i/page + 1)
	}
	for i := 0; i < len(memory); i += page {
		sum += uint64(memory[i])
	}
	return sum
}
