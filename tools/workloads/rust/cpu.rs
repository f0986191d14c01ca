// SPDX-License-Identifier: BSD-2-Clause

//! cpu: five small programs that compute; ../bench/cpu.h says what, the same in each language.

use crate::opaque::{black_box, opaque};
use crate::options::Options;
use crate::result::Report;
use crate::Outcome;
use std::collections::HashMap;

const FIB: u64 = 32;
const SIEVE: usize = 5_000_000;
const MATRIX: usize = 300;
const MANDELBROT: u64 = 400;
const ESCAPE: u32 = 50;
const WORDS: usize = 1_000_000;
const SEED: u32 = 2463534242;

#[inline(never)]
fn fib(n: u64) -> u64 {
    match n {
        0 | 1 => n,
        _ => fib(n - 1) + fib(n - 2),
    }
}

/// composite has SIEVE + 1 places
fn sieve(composite: &mut [bool]) -> u64 {
    composite.fill(false);
    for i in (2..).take_while(|i| i * i <= SIEVE) {
        if composite[i] {
            continue;
        }
        // by hand: step_by() takes older compilers more than one addition
        let mut k = i * i;
        while k < composite.len() {
            composite[k] = true;
            k += i;
        }
    }
    composite[2..].iter().filter(|&&c| !c).count() as u64
}

type Matrix = Vec<[f64; MATRIX]>;

fn matmul(a: &mut Matrix, b: &mut Matrix, product: &mut Matrix) -> u64 {
    for i in 0..MATRIX {
        for k in 0..MATRIX {
            a[i][k] = ((i + k) % 7) as f64;
            b[i][k] = ((i * k) % 5) as f64;
            product[i][k] = 0.0;
        }
    }
    // along the rows, as the caches like it
    for (row_of_a, sums) in a.iter().zip(product.iter_mut()) {
        for (x, row_of_b) in row_of_a.iter().zip(b.iter()) {
            for (sum, y) in sums.iter_mut().zip(row_of_b) {
                *sum += x * y;
            }
        }
    }
    product.iter().flatten().sum::<f64>() as u64
}

/// Of c in -2 .. 1 and -1.5 .. 1.5
fn escapes(real: f64, imaginary: f64) -> bool {
    let (mut x, mut y) = (0.0, 0.0);
    (0..ESCAPE).any(|_| {
        (x, y) = (x * x - y * y + real, 2.0 * x * y + imaginary);
        x * x + y * y > 4.0
    })
}

fn mandelbrot(size: u64) -> u64 {
    let at = |i: u64, first: f64| 3.0 * i as f64 / size as f64 + first;
    let of_row = |row: u64| {
        (0..size)
            .filter(|&column| !escapes(at(column, -2.0), at(row, -1.5)))
            .count() as u64
    };
    (0..size).map(of_row).sum()
}

struct Text {
    letters: String,
    /// of each word in letters, and their end
    starts: Vec<u32>,
}

impl Text {
    fn draw() -> Text {
        let mut letters = String::new();
        let mut starts = vec![0];
        let mut x = SEED;
        for _ in 0..WORDS {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            letters.extend((0..=x & 3).map(|k| char::from(b'a' + (x >> (8 + 4 * k) & 15) as u8)));
            starts.push(letters.len() as u32);
        }
        Text { letters, starts }
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        let word = |ends: &[u32]| &self.letters[ends[0] as usize..ends[1] as usize];
        self.starts.windows(2).map(word)
    }
}

fn words(text: &Text) -> u64 {
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in text.words() {
        *counts.entry(word).or_insert(0) += 1;
    }
    counts.len() as u64
}

/// The span's name, the result's key, and one pass
type Part<'a> = (&'static str, &'static str, &'a mut dyn FnMut() -> u64);

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let matrix = || vec![[0.0; MATRIX]; MATRIX];
    let (mut a, mut b, mut product) = (matrix(), matrix(), matrix());
    let mut composite = vec![false; SIEVE + 1];
    let text = Text::draw();
    let parts: [Part; 5] = [
        ("fib", "fib", &mut || fib(opaque(FIB))),
        ("sieve", "primes", &mut || sieve(&mut composite)),
        ("matmul", "matmul_sum", &mut || {
            matmul(&mut a, &mut b, &mut product)
        }),
        ("mandelbrot", "mandelbrot_points", &mut || {
            mandelbrot(opaque(MANDELBROT))
        }),
        ("words", "different_words", &mut || words(&text)),
    ];

    report.int("n", options.n);
    for (name, key, once) in parts {
        let first = once(); // its memory is there now
        let (same, _) = report.span(name, options.n, |n| {
            (0..n).all(|_| black_box(once()) == first)
        });
        if !same {
            return Err(format!("{name} has come to something else than before"));
        }
        report.int(key, first);
    }
    Ok(())
}
