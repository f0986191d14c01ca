/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the scenario cpu computes, the same in each language (../go/cpu.go, ../rust/cpu.rs, ../node/cpu.js,
 * ../java/Bench.java): the same loops in the same order, on IEEE doubles that no compiler fuses, with the same results
 * under the same keys (cpu.c). Arrays and text are made before, and each pass clears or fills what it needs. What the
 * compilers do with it is theirs: some make of one of fib's two calls a loop, or add several elements at once.
 */
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

#define CPU_FIB	       32
#define CPU_SIEVE      5000000
#define CPU_MATRIX     300
#define CPU_MANDELBROT 400 /* points on each side */
#define CPU_ESCAPE     50  /* iterations at most */
#define CPU_WORDS      1000000

/* Each is one pass, and returns what tells that it was right */
int64_t cpu__fib(void);	       /* the number */
int64_t cpu__sieve(void);      /* primes up to CPU_SIEVE */
int64_t cpu__matmul(void);     /* the product's elements added up: of whole numbers, so exact */
int64_t cpu__mandelbrot(void); /* points that do not escape */

/*
 * A text of words of 1 to 4 letters out of 16, drawn by xorshift32 from CPU_SEED on, one number a word: its low two
 * bits are the length - 1, and from bit 8 on each four bits are a letter. cpu__words() cuts one word after the other
 * out of the text, counts it, and returns how many different ones there are.
 *
 * The others count in their standard hash map (Go's map, Rust's and Java's HashMap, JavaScript's Map), by the word
 * itself: a slice of the text where there are slices, a new string in Java and JavaScript. Each pass begins with an
 * empty map of no given size. C, which has none, counts in a table of CPU_SLOTS (a power of two), with linear probing
 * and FNV-1a (32 bits).
 */
#define CPU_SEED  2463534242u
#define CPU_SLOTS (1 << 17)
void cpu__make_words(void); /* before that */
int64_t cpu__words(void);

#endif
