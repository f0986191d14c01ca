// SPDX-License-Identifier: BSD-2-Clause

//go:build cgo

package main

/*
#cgo CFLAGS: -O1 -fno-omit-frame-pointer
#include <pthread.h>

extern unsigned long goCalled(unsigned long n);

static unsigned long __attribute__((noinline)) cSpins(unsigned long n)
{
	volatile unsigned long sum = n;

	for (int i = 0; i < 100000; i++)
		sum = sum * 31 + 1;
	return sum;
}

static unsigned long __attribute__((noinline)) cCalls(unsigned long n) { return cSpins(n) + 1; }

static unsigned long __attribute__((noinline)) cCallsBack(unsigned long n) { return goCalled(n) + 1; }

static void *thread(void *n) { return (void *)cCallsBack((unsigned long)n); }

static void cThread(void)
{
	pthread_t id;

	if (!pthread_create(&id, 0, thread, 0))
		pthread_join(id, 0);
}

// without a frame pointer, and with another use of that register
static unsigned long __attribute__((noinline, optimize("O2,omit-frame-pointer"))) cFrameless(unsigned long n)
{
	volatile unsigned long sum = n;

	for (int i = 0; i < 100000; i++) {
		unsigned long other = n + i;

		__asm__ volatile("xchg %%rbp, %0; xchg %%rbp, %0" : "+r"(other));
		sum = sum * 31 + other;
	}
	return sum;
}
*/
import "C"

//go:noinline
//export goCalled
func goCalled(n C.ulong) C.ulong { return C.ulong(recurse(20)) }

//go:noinline
func phaseC() { sum += uint64(C.cCalls(C.ulong(sum))) }

//go:noinline
func phaseFrameless() { sum += uint64(C.cFrameless(C.ulong(sum))) }

//go:noinline
func phaseBack() { sum += uint64(C.cCallsBack(C.ulong(sum))) }

//go:noinline
func phaseThread() { C.cThread() }

func init() {
	phases = append(phases, []phase{
		{"c", phaseC},
		{"frameless", phaseFrameless},
		{"back", phaseBack},
		{"thread", phaseThread},
	}...)
}
