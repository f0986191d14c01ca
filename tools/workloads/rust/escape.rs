// SPDX-License-Identifier: BSD-2-Clause

//! escape: the same small object on the stack, boxed, and boxed as a trait object: three words written, seen by
//! somebody, read, dropped.

use crate::counting;
use crate::opaque::{black_box, keep};
use crate::options::Options;
use crate::result::Report;
use crate::Outcome;

struct Point {
    x: u64,
    y: u64,
    z: u64,
}

impl Point {
    #[inline(always)]
    fn new(i: u64) -> Point {
        Point {
            x: i,
            y: i + 1,
            z: i + 2,
        }
    }

    #[inline(always)]
    fn add_up(&self) -> u64 {
        keep(self);
        self.x + self.y + self.z
    }
}

trait Shape {
    fn size(&self) -> u64;
}

impl Shape for Point {
    fn size(&self) -> u64 {
        self.add_up()
    }
}

fn stack(n: u64) -> u64 {
    (0..n).map(|i| Point::new(i).add_up()).sum()
}

fn boxed(n: u64) -> u64 {
    let one = |i| {
        let point = Box::new(Point::new(i));
        point.add_up()
    };
    (0..n).map(one).sum()
}

fn boxed_dyn(n: u64) -> u64 {
    // which type it is, the compiler must not know
    (0..n)
        .map(|i| black_box(Box::new(Point::new(i)) as Box<dyn Shape>).size())
        .sum()
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let ways: [(_, fn(u64) -> u64, _, _); 3] = [
        (
            "stack",
            stack,
            "stack_ns_per_object",
            "stack_allocs_per_object",
        ),
        (
            "boxed",
            boxed,
            "heap_ns_per_object",
            "boxed_allocs_per_object",
        ),
        (
            "boxed_dyn",
            boxed_dyn,
            "boxed_dyn_ns_per_object",
            "boxed_dyn_allocs_per_object",
        ),
    ];
    let mut sums = Vec::new();
    for (name, way, ns_key, allocs_key) in ways {
        way(options.n / 100);
        let before = counting::allocations();
        let (sum, span) = report.span(name, options.n, way);
        let allocations = counting::allocations() - before;
        report.real(ns_key, span.ns_each());
        report.real(allocs_key, allocations as f64 / options.n as f64);
        sums.push(sum);
    }
    if sums.iter().any(|sum| *sum != sums[0]) {
        return Err("objects on the heap held something else than those on the stack".to_string());
    }
    report.int("n", options.n);
    report.int("object_bytes", std::mem::size_of::<Point>() as u64);
    report.memory()
}
