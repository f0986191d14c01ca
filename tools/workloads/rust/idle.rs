// SPDX-License-Identifier: BSD-2-Clause

//! idle: tasks that wait for something, and what that costs in resident memory of the process. "thread": threads that
//! park; the kernel's own memory for each, its kernel stack above all, is not in that. "task": boxed futures.

use crate::executor::Executor;
use crate::options::Options;
use crate::os::{self, Memory};
use crate::result::{measure, Report, Span};
use crate::tasks::{no_thread, report_stack};
use crate::Outcome;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::{self, Builder};
use std::time::Duration;

struct Idle {
    reached: usize,
    start: Span,
    /// While all were waiting
    memory: Memory,
}

#[derive(Default)]
struct Gate {
    waiting: AtomicUsize,
    open: AtomicBool,
}

fn park(gate: &Gate) {
    gate.waiting.fetch_add(1, Ordering::SeqCst);
    while !gate.open.load(Ordering::SeqCst) {
        thread::park();
    }
}

fn threads(options: &Options) -> Result<Idle, String> {
    let gate = Arc::new(Gate::default());
    let mut threads = Vec::with_capacity(options.n.min(os::MOST_THREADS) as usize);
    let (limit, mut start) = measure(options.n, |n| {
        for i in 0..n {
            let gate = Arc::clone(&gate);
            match Builder::new().spawn(move || park(&gate)) {
                Ok(thread) => threads.push(thread),
                Err(err) => return Some(no_thread(i as usize + 1, err)),
            }
        }
        None
    });
    let reached = threads.len();
    start.n = reached as u64;
    if let Some(limit) = limit {
        eprintln!("rust-bench: {limit}");
    }
    while gate.waiting.load(Ordering::SeqCst) < reached {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(options.duration());
    let memory = os::memory();
    gate.open.store(true, Ordering::SeqCst);
    threads.iter().for_each(|thread| thread.thread().unpark());
    for thread in threads {
        thread.join().map_err(|_| "a thread panicked")?;
    }
    Ok(Idle {
        reached,
        start,
        memory: memory?,
    })
}

#[derive(Default)]
struct Event {
    happened: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

struct Wait(Rc<Event>);

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.happened.get() {
            return Poll::Ready(());
        }
        self.0.waiting.borrow_mut().push(context.waker().clone());
        Poll::Pending
    }
}

fn tasks(options: &Options) -> Result<Idle, String> {
    let (executor, event) = (Executor::default(), Rc::new(Event::default()));
    let (_, start) = measure(options.n, |n| {
        for _ in 0..n {
            executor.spawn(Wait(Rc::clone(&event)));
        }
        executor.run();
    });
    let reached = event.waiting.borrow().len();
    thread::sleep(options.duration());
    let memory = os::memory();
    event.happened.set(true);
    event.waiting.take().into_iter().for_each(Waker::wake);
    executor.run();
    Ok(Idle {
        reached,
        start,
        memory: memory?,
    })
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let before = os::memory()?;
    let idle = match options.mode {
        Some("task") => tasks(options)?,
        _ => threads(options)?,
    };
    let each = |now: u64, before: u64| (now as f64 - before as f64) / idle.reached as f64;
    report.add("all", idle.start);
    report.int("n", options.n);
    report.int("reached", idle.reached as u64);
    report.int("duration_ns", options.duration().as_nanos());
    report.int("elapsed_ns", os::now_ns() - idle.start.begin_ns);
    report.int("start_ns", idle.start.ns());
    match options.mode {
        Some("task") => report.null("stack_bytes"),
        _ => report_stack(report),
    }
    report.int("resident_bytes", idle.memory.resident);
    report.real(
        "bytes_per_task",
        each(idle.memory.resident, before.resident),
    );
    report.real(
        "virtual_bytes_per_task",
        each(idle.memory.virtual_, before.virtual_),
    );
    Ok(())
}
