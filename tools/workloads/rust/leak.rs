// SPDX-License-Identifier: BSD-2-Clause

//! leak: a map that grows at a steady pace and is never emptied. It owns all of it, so nothing is ever dropped.

use crate::options::Options;
use crate::result::Report;
use crate::Outcome;
use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

/// Worth a sleep
const AHEAD: Duration = Duration::from_millis(1);

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let per_s = options.rate * (1 << 20) as f64;
    let block_bytes = options.block_bytes;
    let bytes = match options.n_given {
        true => options.n << 20,
        false => (per_s * options.seconds) as u64,
    };
    let n = (bytes + block_bytes as u64 - 1) / block_bytes as u64;
    let mut cache: HashMap<u64, Vec<u8>> = HashMap::new();
    let start = Instant::now();
    let (_, span) = report.span("all", n, |n| {
        for key in 0..n {
            let due = Duration::from_secs_f64((key * block_bytes as u64) as f64 / per_s);
            match due.checked_sub(start.elapsed()) {
                Some(ahead) if ahead > AHEAD => thread::sleep(ahead),
                _ => {}
            }
            cache
                .entry(key)
                .or_insert_with(|| vec![key as u8 | 1; block_bytes]);
        }
    });
    report.int("n", n);
    report.duration(options);
    report.int("elapsed_ns", span.ns());
    report.int("block_bytes", block_bytes as u64);
    report.int(
        "leaked_bytes",
        cache.values().map(Vec::len).sum::<usize>() as u64,
    );
    report.memory()
}
