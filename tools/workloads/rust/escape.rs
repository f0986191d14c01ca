// SPDX-License-Identifier: BSD-2-Clause

//! escape: the same small object on the stack, boxed, and boxed as a trait object: three words written, seen by
//! somebody, read, dropped.

use crate::opaque::{black_box, keep};
use crate::options::Options;
use crate::result::Report;
use crate::ways::{measure_all, Way};
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
    let ways = [
        Way {
            name: "stack",
            ns_key: "stack_ns_per_object",
            allocs_key: "stack_allocs_per_object",
            run: stack,
        },
        Way {
            name: "boxed",
            ns_key: "heap_ns_per_object",
            allocs_key: "boxed_allocs_per_object",
            run: boxed,
        },
        Way {
            name: "boxed_dyn",
            ns_key: "boxed_dyn_ns_per_object",
            allocs_key: "boxed_dyn_allocs_per_object",
            run: boxed_dyn,
        },
    ];
    measure_all(report, options.n, &ways)?;
    report.int("object_bytes", std::mem::size_of::<Point>() as u64);
    report.memory()
}
