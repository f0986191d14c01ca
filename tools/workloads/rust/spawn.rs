// SPDX-License-Identifier: BSD-2-Clause

//! spawn: tasks that end at once, in batches that are waited for. "thread": threads as std starts them. "task": boxed
//! futures of one thread.

use crate::executor::Executor;
use crate::opaque::keep;
use crate::options::Options;
use crate::result::Report;
use crate::tasks::{no_thread, report_stack};
use crate::Outcome;
use std::thread::{Builder, JoinHandle};

const BATCH: u64 = 100;

fn batches(n: u64) -> impl Iterator<Item = std::ops::Range<u64>> {
    (0..n)
        .step_by(BATCH as usize)
        .map(move |i| i..n.min(i + BATCH))
}

fn threads(n: u64) -> Result<(), String> {
    let mut batch: Vec<JoinHandle<()>> = Vec::with_capacity(BATCH as usize);
    for numbers in batches(n) {
        for i in numbers {
            let thread = Builder::new().spawn(move || keep(&i));
            batch.push(thread.map_err(|err| no_thread(i as usize + 1, err))?);
        }
        for thread in batch.drain(..) {
            thread.join().map_err(|_| "a thread panicked")?;
        }
    }
    Ok(())
}

fn tasks(n: u64) -> Result<(), String> {
    let executor = Executor::default();
    for numbers in batches(n) {
        for i in numbers {
            executor.spawn(async move { keep(&i) });
        }
        executor.run();
    }
    Ok(())
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let spawn = if options.mode == Some("task") {
        tasks
    } else {
        threads
    };
    spawn(BATCH)?;
    let (spawned, span) = report.span("all", options.n, spawn);
    spawned?;
    report.int("n", options.n);
    report.int("elapsed_ns", span.ns());
    match options.mode {
        Some("task") => report.null("stack_bytes"),
        _ => report_stack(report),
    }
    report.real("ns_per_task", span.ns_each());
    Ok(())
}
