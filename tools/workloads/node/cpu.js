// SPDX-License-Identifier: BSD-2-Clause
//
// cpu: five small programs that compute; ../bench/cpu.h says what, the same in each language.
'use strict';

const FIB = 32, SIEVE = 5000000, MATRIX = 300, MANDELBROT = 400, ESCAPE = 50;
const WORDS = 1000000, MOST_LETTERS = 4, SEED = 2463534242;

function fib(n) {
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

const composite = new Uint8Array(SIEVE + 1);

function sieve() {
	composite.fill(0);
	for (let i = 2; i * i <= SIEVE; i++) {
		if (composite[i])
			continue;
		for (let k = i * i; k <= SIEVE; k += i)
			composite[k] = 1;
	}
	let primes = 0;
	for (let i = 2; i <= SIEVE; i++)
		primes += 1 - composite[i];
	return primes;
}

const a = new Float64Array(MATRIX * MATRIX), b = new Float64Array(MATRIX * MATRIX);
const product = new Float64Array(MATRIX * MATRIX);

function matmul() {
	for (let i = 0; i < MATRIX; i++)
		for (let k = 0; k < MATRIX; k++) {
			a[i * MATRIX + k] = (i + k) % 7;
			b[i * MATRIX + k] = (i * k) % 5;
		}
	product.fill(0);
	// along the rows, as the caches like it
	for (let i = 0; i < MATRIX; i++)
		for (let k = 0; k < MATRIX; k++) {
			const x = a[i * MATRIX + k], row = i * MATRIX, other = k * MATRIX;
			for (let j = 0; j < MATRIX; j++)
				product[row + j] += x * b[other + j];
		}
	let sum = 0;
	for (let i = 0; i < product.length; i++)
		sum += product[i];
	return sum;
}

// Of c in -2 .. 1 and -1.5 .. 1.5
function escapes(real, imaginary) {
	let x = 0, y = 0;
	for (let i = 0; i < ESCAPE; i++) {
		const next = x * x - y * y + real;
		y = 2 * x * y + imaginary;
		x = next;
		if (x * x + y * y > 4)
			return true;
	}
	return false;
}

function mandelbrot() {
	let points = 0;
	for (let row = 0; row < MANDELBROT; row++)
		for (let column = 0; column < MANDELBROT; column++)
			if (!escapes(3.0 * column / MANDELBROT - 2, 3.0 * row / MANDELBROT - 1.5))
				points++;
	return points;
}

const starts = new Uint32Array(WORDS + 1);
let text;

function makeWords() {
	const letters = Buffer.alloc(WORDS * MOST_LETTERS);
	let x = SEED | 0, at = 0;
	for (let i = 0; i < WORDS; i++) {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		starts[i] = at;
		for (let k = 0; k <= (x & 3); k++)
			letters[at++] = 97 + ((x >>> (8 + 4 * k)) & 15);
	}
	starts[WORDS] = at;
	text = letters.toString('latin1', 0, at);
}

function words() {
	const counts = new Map();
	for (let i = 0; i < WORDS; i++) {
		const word = text.slice(starts[i], starts[i + 1]);
		counts.set(word, (counts.get(word) ?? 0) + 1);
	}
	return counts.size;
}

function run({ n }, result) {
	const parts = [['fib', 'fib', () => fib(FIB)], ['sieve', 'primes', sieve], ['matmul', 'matmul_sum', matmul],
		['mandelbrot', 'mandelbrot_points', mandelbrot], ['words', 'different_words', words]];
	const figures = {};
	makeWords();
	for (const [name, key, fn] of parts) {
		figures[key] = fn(); // compiled now, and its memory is there
		result.measure(name, n, () => {
			for (let i = 0; i < n; i++)
				if (fn() !== figures[key])
					throw new Error(`${name} has come to something else than before`);
		});
	}
	result.print(figures);
}

module.exports = { run };
