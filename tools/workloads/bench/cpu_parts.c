// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "cpu.h"
#include "scenario.h"

/* A call remains a call: a compiler that may unfold it into itself makes another program of it */
static __attribute__((noinline)) int64_t fib(int64_t n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int64_t cpu__fib(void)
{
	int64_t n = CPU_FIB;

	__asm__ volatile("" : "+r"(n));
	return fib(n);
}

int64_t cpu__sieve(void)
{
	static uint8_t composite[CPU_SIEVE + 1];
	int64_t primes = 0;

	memset(composite, 0, sizeof(composite));
	for (int64_t i = 2; i * i <= CPU_SIEVE; i++) {
		if (composite[i])
			continue;
		for (int64_t k = i * i; k <= CPU_SIEVE; k += i)
			composite[k] = 1;
	}
	for (int64_t i = 2; i <= CPU_SIEVE; i++)
		primes += !composite[i];
	return primes;
}

int64_t cpu__matmul(void)
{
	static double a[CPU_MATRIX][CPU_MATRIX], b[CPU_MATRIX][CPU_MATRIX], product[CPU_MATRIX][CPU_MATRIX];
	double sum = 0;

	for (int i = 0; i < CPU_MATRIX; i++)
		for (int k = 0; k < CPU_MATRIX; k++) {
			a[i][k] = (i + k) % 7;
			b[i][k] = (i * k) % 5;
			product[i][k] = 0;
		}
	/* along the rows, as the caches like it */
	for (int i = 0; i < CPU_MATRIX; i++)
		for (int k = 0; k < CPU_MATRIX; k++)
			for (int j = 0; j < CPU_MATRIX; j++)
				product[i][j] += a[i][k] * b[k][j];
	for (int i = 0; i < CPU_MATRIX; i++)
		for (int j = 0; j < CPU_MATRIX; j++)
			sum += product[i][j];
	return sum;
}

/* Of c in -2 .. 1 and -1.5 .. 1.5 */
static bool escapes(double c_real, double c_imaginary)
{
	double x = 0, y = 0;

	for (int i = 0; i < CPU_ESCAPE; i++) {
		double next = x * x - y * y + c_real;

		y = 2 * x * y + c_imaginary;
		x = next;
		if (x * x + y * y > 4)
			return true;
	}
	return false;
}

int64_t cpu__mandelbrot(void)
{
	int64_t points = 0;

	for (int row = 0; row < CPU_MANDELBROT; row++)
		for (int column = 0; column < CPU_MANDELBROT; column++)
			points += !escapes(3.0 * column / CPU_MANDELBROT - 2, 3.0 * row / CPU_MANDELBROT - 1.5);
	return points;
}
