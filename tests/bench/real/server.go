// SPDX-License-Identifier: BSD-2-Clause

// server: what a service of some size does for a request: JSON, a map, strings, garbage. It says its port, and has
// net/http/pprof, from where the execution tracer is had.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
)

type answer struct {
	Path  string
	Items map[string]int
}

func work(w http.ResponseWriter, r *http.Request) {
	a := answer{Path: r.URL.Path, Items: map[string]int{}}
	for i := 0; i < 20; i++ {
		a.Items[fmt.Sprintf("item %d", i)] = i
	}
	json.NewEncoder(w).Encode(a)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		http.HandleFunc("/work", work)
		fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
		err = http.Serve(listener, nil)
	}
	fmt.Fprintln(os.Stderr, "server:", err)
	os.Exit(1)
}
