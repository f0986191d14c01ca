// SPDX-License-Identifier: BSD-2-Clause

//! pingpong: two tasks, of which one goes on as the other waits. "thread": two threads that park and unpark each other.
//! "chan": a token goes to and fro through two channels. "task": two futures in one thread. An operation is one
//! handover, so there are two in each round.

use crate::executor::Executor;
use crate::options::Options;
use crate::os;
use crate::result::{measure, Report, Span};
use crate::tasks::no_thread;
use crate::Outcome;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread::{self, Builder, Thread};

/// The switches that happened, and the handovers between them
type Played = Result<(u64, Span), String>;

/// Until it is turn `me`, and then it is the other's
fn hand_over(turn: &AtomicUsize, me: usize, other: &Thread) {
    while turn.load(Ordering::Acquire) != me {
        thread::park();
    }
    turn.store(1 - me, Ordering::Release);
    other.unpark();
}

/// Measures `play` in this thread: all rounds after the first one, in which both threads came to be there
fn rounds(n: u64, mut play: impl FnMut()) -> (u64, Span) {
    play();
    let before = os::switches();
    let (_, span) = measure(2 * n, |_| (0..n).for_each(|_| play()));
    (os::switches() - before, span)
}

fn by_parking(n: u64) -> Played {
    let turn = AtomicUsize::new(0);
    let (me, turn) = (thread::current(), &turn);
    thread::scope(|scope| {
        let other = Builder::new().spawn_scoped(scope, move || {
            for _ in 0..n + 2 {
                hand_over(turn, 1, &me);
            }
        });
        let other = other.map_err(|err| no_thread(1, err))?;
        let played = rounds(n, || hand_over(turn, 0, other.thread()));
        hand_over(turn, 0, other.thread());
        Ok(played)
    })
}

fn by_channel(n: u64) -> Played {
    let (ping, pings) = mpsc::channel();
    let (pong, pongs) = mpsc::channel();
    thread::scope(|scope| {
        let other = Builder::new().spawn_scoped(scope, move || {
            for token in pings {
                if pong.send(token).is_err() {
                    break;
                }
            }
        });
        other.map_err(|err| no_thread(1, err))?;
        let mut sent = 0u64;
        let mut lost = false;
        let played = rounds(n, || {
            sent += 1;
            lost |= ping.send(sent).is_err() || pongs.recv() != Ok(sent);
        });
        drop(ping);
        match lost {
            true => Err("another token came back than was sent".to_string()),
            false => Ok(played),
        }
    })
}

#[derive(Default)]
struct Table {
    turn: Cell<usize>,
    waiting: [RefCell<Option<Waker>>; 2],
}

/// What an async fn that awaits its turn `left` times would be compiled to
struct Player {
    me: usize,
    left: u64,
    table: Rc<Table>,
}

impl Future for Player {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        while self.left > 0 {
            if self.table.turn.get() != self.me {
                let mut waiting = self.table.waiting[self.me].borrow_mut();
                match &*waiting {
                    Some(waker) if waker.will_wake(context.waker()) => {}
                    _ => *waiting = Some(context.waker().clone()),
                }
                return Poll::Pending;
            }
            self.left -= 1;
            self.table.turn.set(1 - self.me);
            if let Some(waker) = &*self.table.waiting[1 - self.me].borrow() {
                waker.wake_by_ref();
            }
        }
        Poll::Ready(())
    }
}

fn by_task(n: u64) -> Played {
    let (executor, table) = (Executor::default(), Rc::new(Table::default()));
    for me in 0..2 {
        executor.spawn(Player {
            me,
            left: n,
            table: Rc::clone(&table),
        });
    }
    Ok(measure(2 * n, |_| executor.run()))
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let n = options.n;
    let (switches, span) = match options.mode {
        Some("task") => by_task(n)?,
        Some("chan") => by_channel(n)?,
        _ => by_parking(n)?,
    };
    report.add("all", span);
    report.int("n", n);
    report.int("elapsed_ns", span.ns());
    report.int("switches", switches);
    report.real("ns_per_switch", span.ns() as f64 / switches as f64);
    Ok(())
}
