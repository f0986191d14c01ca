// SPDX-License-Identifier: BSD-2-Clause

//! Work shared among threads.

use crate::os;
use crate::result::{Report, Span};
use std::io::Error;
use std::sync::Mutex;
use std::thread::{self, Builder};

/// Why a thread could not be started, and what the limit may be
pub fn no_thread(number: usize, err: Error) -> String {
    format!(
        "thread {number} cannot start: {err} (limits: ulimit -u and -v, pids.max of the cgroup, \
         kernel.threads-max, vm.max_map_count)"
    )
}

/// stack_bytes: of each thread that std starts
pub fn report_stack(report: &mut Report) {
    match thread::spawn(os::stack_bytes).join() {
        Ok(Some(bytes)) => report.int("stack_bytes", bytes as u64),
        _ => report.null("stack_bytes"),
    }
}

/// Runs work(0) .. work(tasks - 1), each in a thread of its own, and waits for all of them. Returns what they return,
/// and the span from when all have been started to when all have ended, which is of n operations.
pub fn parallel<T: Send>(
    tasks: usize,
    n: u64,
    work: impl Fn(usize) -> T + Sync,
) -> Result<(Vec<T>, Span), String> {
    let gate = Mutex::new(());
    let (work, gate) = (&work, &gate);
    let task = move |index| {
        drop(gate.lock());
        work(index)
    };
    thread::scope(|scope| {
        let closed = gate.lock();
        let mut threads = Vec::with_capacity(tasks);
        for index in 0..tasks {
            let thread = Builder::new().spawn_scoped(scope, move || task(index));
            threads.push(thread.map_err(|err| no_thread(index + 1, err))?);
        }
        let begin_ns = os::now_ns();
        drop(closed);
        let results = threads
            .into_iter()
            .map(|t| t.join().expect("no task panics"))
            .collect();
        Ok((
            results,
            Span {
                begin_ns,
                end_ns: os::now_ns(),
                n,
            },
        ))
    })
}
