// SPDX-License-Identifier: BSD-2-Clause

//! sum: threads that compute and neither allocate nor wait, each on its part of an array.

use crate::opaque::keep;
use crate::options::Options;
use crate::result::Report;
use crate::tasks::parallel;
use crate::Outcome;

fn add_up(part: &[u64], passes: u64) -> u64 {
    let mut total = 0;
    for _ in 0..passes {
        keep(part);
        total = part
            .iter()
            .fold(total, |total: u64, x| total.wrapping_add(*x));
    }
    total
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let tasks = options.tasks;
    let array: Vec<u64> = (0..options.live_bytes / 8).map(|i| i * 3 + 1).collect();
    let (elements, passes) = (array.len(), options.n);
    let expected = add_up(&array, 1).wrapping_mul(passes);
    let (totals, span) = parallel(tasks, elements as u64 * passes, |index| {
        add_up(
            &array[elements * index / tasks..elements * (index + 1) / tasks],
            passes,
        )
    })?;
    match totals.into_iter().fold(0, u64::wrapping_add) {
        total if total == expected => {}
        total => return Err(format!("{total} instead of {expected}")),
    }
    report.add("all", span);
    report.int("n", passes);
    report.int("tasks", tasks as u64);
    report.int("elapsed_ns", span.ns());
    report.int("array_bytes", options.live_bytes);
    report.int("elements", elements as u64);
    report.real("ns_per_element", span.ns_each());
    Ok(())
}
