// SPDX-License-Identifier: BSD-2-Clause

//go:build ignore

// http: a server under load, by clients in the same process over loopback, with some JSON and garbage in each request.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
)

type answer struct {
	Path  string
	Items map[string]int
}

func serve(w http.ResponseWriter, r *http.Request) {
	a := answer{Path: r.URL.Path, Items: map[string]int{}}
	for i := 0; i < 20; i++ {
		a.Items[fmt.Sprintf("item %d", i)] = i
	}
	json.NewEncoder(w).Encode(a)
}

func main() {
	const clients = 8
	listener, err := net.Listen("tcp", "localhost:0")
	check(err)
	go http.Serve(listener, http.HandlerFunc(serve))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	url := "http://" + listener.Addr().String() + "/some/path"
	steps := make([]func(int), clients)
	for i := range steps {
		steps[i] = func(n int) {
			for ; n > 0; n-- {
				got, err := client.Get(url)
				check(err)
				_, err = io.Copy(io.Discard, got.Body)
				check(err)
				got.Body.Close()
			}
		}
	}
	measure(1, steps)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "http:", err)
		os.Exit(1)
	}
}
