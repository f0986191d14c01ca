// SPDX-License-Identifier: BSD-2-Clause

//! generic: a function over any source of numbers. "monomorphised": it is compiled once more for each type that it is
//! used with. "dyn": one copy for all types, that gets to know the type by a table of functions.

use crate::options::Options;
use crate::result::Report;
use crate::Outcome;

trait Source {
    fn next(&mut self) -> u64;
}

/// Two types, so that the one function for all does have a choice
struct Xorshift(u64);

impl Source for Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

struct Weyl(u64);

impl Source for Weyl {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e3779b97f4a7c15);
        self.0 ^ (self.0 >> 32)
    }
}

#[inline(never)]
fn most<S: Source>(source: &mut S, n: u64) -> u64 {
    (0..n).fold(0, |most, _| most.max(source.next()))
}

#[inline(never)]
fn most_dyn(source: &mut dyn Source, n: u64) -> u64 {
    (0..n).fold(0, |most, _| most.max(source.next()))
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    // half by each type, -n steps in all
    let (monomorphised, one) = report.span("monomorphised", options.n, |n| {
        [most(&mut Xorshift(1), n - n / 2), most(&mut Weyl(1), n / 2)]
    });
    let (dynamic, all) = report.span("dyn", options.n, |n| {
        [
            most_dyn(&mut Xorshift(1), n - n / 2),
            most_dyn(&mut Weyl(1), n / 2),
        ]
    });
    if monomorphised != dynamic {
        return Err("the two have computed different things".to_string());
    }
    report.int("n", options.n);
    report.real("monomorphised_ns", one.ns_each());
    report.real("dyn_ns", all.ns_each());
    Ok(())
}
