// SPDX-License-Identifier: BSD-2-Clause

//! alloc: arrays of words of 4 bytes. Each thread owns its last KEPT ones; older ones are looked at and dropped.

use crate::options::Options;
use crate::result::Report;
use crate::tasks::parallel;
use crate::Outcome;

const KEPT: usize = 1024;
const WORD_BYTES: usize = std::mem::size_of::<u32>();

fn work(n: u64, words: usize) -> bool {
    let mut kept: Vec<Vec<u32>> = vec![Vec::new(); KEPT];
    let mut whole = true;
    for i in 0..n as usize {
        let old = std::mem::replace(&mut kept[i % KEPT], vec![i as u32; words]);
        if i >= KEPT {
            let number = (i - KEPT) as u32;
            whole &= old[0] == number && old[words - 1] == number;
        }
    }
    whole
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let words = options.block_bytes / WORD_BYTES;
    work(KEPT as u64, words);
    let tasks = options.tasks;
    let (whole, span) = parallel(tasks, options.n, |index| work(options.share(index), words))?;
    if whole.contains(&false) {
        return Err("an array has been overwritten".to_string());
    }
    report.add("all", span);
    report.int("n", options.n);
    report.int("tasks", tasks as u64);
    report.int("elapsed_ns", span.ns());
    report.int("block_bytes", options.block_bytes as u64);
    report.int("allocated_bytes", options.n * (words * WORD_BYTES) as u64);
    report.null("counted_bytes");
    report.real("ns_per_block", span.ns_each());
    report.memory()
}
