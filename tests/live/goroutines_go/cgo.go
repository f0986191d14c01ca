// SPDX-License-Identifier: BSD-2-Clause

//go:build withcgo

package main

/*
#include <unistd.h>

static int nap(void) { return sleep(3600); }
extern void parkFromC(void);
static void call_back(void) { parkFromC(); }
*/
import "C"

//export parkFromC
func parkFromC() { receiver(never) }

//go:noinline
func inC() { C.nap() }

//go:noinline
func throughC() { C.call_back() }

func extra() {
	for i := 0; i < 2; i++ {
		go inC()
		go throughC()
	}
}
