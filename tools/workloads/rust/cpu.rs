// SPDX-License-Identifier: BSD-2-Clause

//! cpu: algorithms that each of the languages has in the same form.

use crate::opaque::opaque;
use crate::options::Options;
use crate::result::Report;
use crate::Outcome;
use std::collections::HashMap;

struct Kind {
    name: &'static str,
    ns_key: &'static str,
    result_key: &'static str,
    size: u64,
    run: fn(usize) -> u64,
    /// None: it depends on how the last bit is rounded
    expected: Option<u64>,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "fib",
        ns_key: "fib_ns",
        result_key: "fib_result",
        size: 32,
        run: fib,
        expected: Some(2178309),
    },
    Kind {
        name: "sieve",
        ns_key: "sieve_ns",
        result_key: "sieve_result",
        size: 5_000_000,
        run: sieve,
        expected: Some(348513),
    },
    Kind {
        name: "matmul",
        ns_key: "matmul_ns",
        result_key: "matmul_result",
        size: 300,
        run: matmul,
        expected: Some(300),
    },
    Kind {
        name: "mandelbrot",
        ns_key: "mandelbrot_ns",
        result_key: "mandelbrot_result",
        size: 400,
        run: mandelbrot,
        expected: None,
    },
    Kind {
        name: "words",
        ns_key: "words_ns",
        result_key: "words_result",
        size: 1_000_000,
        run: words,
        expected: Some(1_000_000),
    },
];

#[inline(never)]
fn fib(n: usize) -> u64 {
    match n {
        0 | 1 => n as u64,
        _ => fib(n - 1) + fib(n - 2),
    }
}

/// How many primes are below n
fn sieve(n: usize) -> u64 {
    let mut composite = vec![false; n];
    let mut primes = 0;
    for i in 2..n {
        if !composite[i] {
            primes += 1;
            (i * i..n).step_by(i).for_each(|k| composite[k] = true);
        }
    }
    primes
}

type Matrix = Vec<Vec<f64>>;

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let n = a.len();
    let mut c = vec![vec![0.0; n]; n];
    for (row_of_a, row_of_c) in a.iter().zip(&mut c) {
        for (x, row_of_b) in row_of_a.iter().zip(b) {
            for (sum, y) in row_of_c.iter_mut().zip(row_of_b) {
                *sum += x * y;
            }
        }
    }
    c
}

/// A matrix times its inverse: the sum of the diagonal is n, but for rounding. Its elements are those of a permutation,
/// scaled, so that the inverse is known.
fn matmul(n: usize) -> u64 {
    let (mut a, mut b) = (vec![vec![0.0; n]; n], vec![vec![0.0; n]; n]);
    for i in 0..n {
        let k = i * 7 % n;
        a[i][k] = (i + 1) as f64;
        b[k][i] = 1.0 / (i + 1) as f64;
    }
    let c = product(&a, &b);
    (0..n).map(|i| c[i][i]).sum::<f64>().round() as u64
}

fn iterations(cr: f64, ci: f64, most: u64) -> u64 {
    let (mut zr, mut zi) = (0.0, 0.0);
    let mut i = 0;
    while i < most && zr * zr + zi * zi <= 4.0 {
        (zr, zi) = (zr * zr - zi * zi + cr, 2.0 * zr * zi + ci);
        i += 1;
    }
    i
}

/// How many of up to 50 iterations are taken, in all points
fn mandelbrot(size: usize) -> u64 {
    let at = |i: usize, first: f64| 3.0 * i as f64 / size as f64 + first;
    let row = |row: usize| -> u64 {
        (0..size)
            .map(|column| iterations(at(column, -2.0), at(row, -1.5), 50))
            .sum()
    };
    (0..size).map(row).sum()
}

/// Counts n words, of which there are 5000 different ones; returns the sum of all counts
fn words(n: usize) -> u64 {
    const DIFFERENT: usize = 5000;
    let list: Vec<String> = (0..DIFFERENT).map(|i| format!("w{i}")).collect();
    let mut counts: HashMap<String, u32> = HashMap::new();
    for i in 0..n {
        let word = &list[i * 7919 % DIFFERENT];
        match counts.get_mut(word) {
            Some(count) => *count += 1,
            None => drop(counts.insert(word.clone(), 1)),
        }
    }
    counts.values().map(|count| u64::from(*count)).sum()
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    for kind in &KINDS {
        let once = || (kind.run)(opaque(kind.size) as usize);
        let first = once();
        let (same, span) = report.span(kind.name, options.n, |n| {
            (0..n).all(|_| opaque(once()) == first)
        });
        if !same || kind.expected.map_or(false, |expected| first != expected) {
            return Err(format!(
                "{} has computed {first}, which is wrong",
                kind.name
            ));
        }
        report.real(kind.ns_key, span.ns_each());
        report.int(kind.result_key, first);
    }
    report.int("n", options.n);
    Ok(())
}
