// SPDX-License-Identifier: BSD-2-Clause

//! The same result, reached in several ways.

use crate::counting;
use crate::result::Report;
use crate::Outcome;

pub struct Way {
    /// Of its span
    pub name: &'static str,
    pub ns_key: &'static str,
    /// Allocations for each of n
    pub allocs_key: &'static str,
    pub run: fn(n: u64) -> u64,
}

/// Each in a span of n, after a hundredth of it to warm up
pub fn measure_all(report: &mut Report, n: u64, ways: &[Way]) -> Outcome {
    let mut results = Vec::with_capacity(ways.len());
    for way in ways {
        (way.run)(n / 100);
        let before = counting::allocations();
        let (result, span) = report.span(way.name, n, way.run);
        let allocations = counting::allocations() - before;
        report.real(way.ns_key, span.ns_each());
        report.real(way.allocs_key, allocations as f64 / n as f64);
        results.push(result);
    }
    report.int("n", n);
    match results.iter().all(|result| *result == results[0]) {
        true => Ok(()),
        false => Err(format!(
            "the ways differ in what they have computed: {results:?}"
        )),
    }
}
