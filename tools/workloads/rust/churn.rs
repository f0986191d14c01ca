// SPDX-License-Identifier: BSD-2-Clause

//! churn: a live heap of blocks, one after another replaced by a new one at random places; the old one is dropped. A
//! block bears a tag at its start and at its end.

use crate::options::Options;
use crate::random::Random;
use crate::result::Report;
use crate::tasks::parallel;
use crate::Outcome;
use std::time::Instant;

const LOOK_AT_CLOCK: u64 = 64;

type Block = Box<[u64]>;

fn block(words: usize, tag: u64) -> Block {
    let mut block = vec![0; words].into_boxed_slice();
    block[0] = tag;
    block[words - 1] = tag;
    block
}

/// How often a block was replaced, or None if one was not what had been written to it
fn work(options: &Options, index: usize, slots: usize) -> Option<u64> {
    let words = options.block_bytes / std::mem::size_of::<u64>();
    let mut live: Vec<Block> = (0..slots).map(|i| block(words, i as u64)).collect();
    let mut random = Random(index as u64);
    let start = Instant::now();
    let mut replaced = 0;
    loop {
        let over = match options.n_given {
            true => replaced == options.share(index),
            false => replaced % LOOK_AT_CLOCK == 0 && start.elapsed() >= options.duration(),
        };
        if over {
            return Some(replaced);
        }
        let slot = random.below(slots);
        let old = std::mem::replace(&mut live[slot], block(words, random.0));
        if old[0] != old[words - 1] {
            return None;
        }
        replaced += 1;
    }
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let tasks = options.tasks;
    let block_bytes = options.block_bytes as u64;
    let slots = (options.live_bytes / block_bytes / tasks as u64).max(1);
    let (replaced, mut span) = parallel(tasks, 0, |index| work(options, index, slots as usize))?;
    let replaced: u64 = match replaced.into_iter().sum::<Option<u64>>() {
        Some(replaced) => replaced,
        None => return Err("a live block has been overwritten".to_string()),
    };
    let live = slots * tasks as u64;
    span.n = replaced + live;
    report.add("all", span);
    report.int("n", replaced);
    report.int("tasks", tasks as u64);
    report.duration(options);
    report.int("elapsed_ns", span.ns());
    report.int("block_bytes", block_bytes);
    report.int("live_bytes", live * block_bytes);
    report.int("allocated_bytes", span.n * block_bytes);
    report.real("ns_per_block", span.ns_each());
    report.memory()
}
