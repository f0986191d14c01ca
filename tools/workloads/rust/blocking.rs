// SPDX-License-Identifier: BSD-2-Clause

//! blocking: tasks that each block in a system call. "thread": in a thread each, and all at once. "task": in one
//! thread, where the kernel knows nothing of tasks: one after another.

use crate::executor::Executor;
use crate::options::Options;
use crate::result::{measure, Report};
use crate::tasks::parallel;
use crate::Outcome;
use std::thread;

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let (tasks, duration) = (options.tasks, options.duration());
    let span = match options.mode {
        Some("task") => {
            let executor = Executor::default();
            for _ in 0..tasks {
                executor.spawn(async move { thread::sleep(duration) });
            }
            measure(tasks as u64, |_| executor.run()).1
        }
        _ => parallel(tasks, tasks as u64, |_| thread::sleep(duration))?.1,
    };
    report.add("all", span);
    report.int("n", tasks as u64);
    report.int("tasks", tasks as u64);
    report.int("duration_ns", duration.as_nanos());
    report.int("elapsed_ns", span.ns());
    report.int("ideal_ns", duration.as_nanos());
    report.int("serial_ns", duration.as_nanos() * tasks as u128);
    Ok(())
}
