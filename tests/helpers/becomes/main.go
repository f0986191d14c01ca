// SPDX-License-Identifier: BSD-2-Clause

// becomes N [leader|thread PROGRAM N ...]: makes N collections, says so, and becomes the next program, by its first thread
// or by another one.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

func init() { runtime.LockOSThread() }

func main() {
	args := os.Args[1:]
	if len(args) == 2 && strings.Contains(args[1], "/") { // a script's interpreter: its path comes last
		args = args[:1]
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		panic(err)
	}
	for i := 0; i < n; i++ {
		runtime.GC()
	}
	fmt.Println("collections", n)
	if len(args) < 4 {
		return
	}
	become := func() { panic(syscall.Exec(args[2], args[2:], os.Environ())) }
	if args[1] == "leader" {
		become()
	}
	go func() {
		runtime.LockOSThread()
		become()
	}()
	select {}
}
