// SPDX-License-Identifier: BSD-2-Clause

//! future: what a call costs by its colour. "call": a function. "direct": an async one that is awaited, and becomes a
//! part of who awaits it. "boxed": one whose future is boxed, as a trait's or a recursive one's has to be: an
//! allocation, and a poll by a table of functions.

use crate::opaque::opaque;
use crate::options::Options;
use crate::result::Report;
use crate::ways::{measure_all, Way};
use crate::Outcome;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

/// Polls until it is ready, which here is at once: nobody has to be woken
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    let waker = Arc::new(Nobody).into();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
    }
}

#[inline]
fn step(x: u64) -> u64 {
    opaque(x.wrapping_mul(3).wrapping_add(1))
}

#[inline]
async fn step_async(x: u64) -> u64 {
    step(x)
}

#[inline(never)]
fn step_boxed(x: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    Box::pin(step_async(x))
}

fn call(n: u64) -> u64 {
    (0..n).fold(0, |x, _| step(x))
}

fn direct(n: u64) -> u64 {
    block_on(async {
        let mut x = 0;
        for _ in 0..n {
            x = step_async(x).await;
        }
        x
    })
}

fn boxed(n: u64) -> u64 {
    block_on(async {
        let mut x = 0;
        for _ in 0..n {
            x = step_boxed(x).await;
        }
        x
    })
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let ways = [
        Way {
            name: "call",
            ns_key: "call_ns",
            allocs_key: "call_allocs_per_call",
            run: call,
        },
        Way {
            name: "direct",
            ns_key: "direct_ns",
            allocs_key: "direct_allocs_per_call",
            run: direct,
        },
        Way {
            name: "boxed",
            ns_key: "boxed_ns",
            allocs_key: "boxed_allocs_per_call",
            run: boxed,
        },
    ];
    measure_all(report, options.n, &ways)
}
