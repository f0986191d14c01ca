// SPDX-License-Identifier: BSD-2-Clause

//! future: what a call costs by its colour. "call": a function. "direct": an async one that is awaited, and becomes a
//! part of who awaits it. "boxed": one whose future is boxed, as a trait's or a recursive one's has to be: an
//! allocation, and a poll by a table of functions.

use crate::counting;
use crate::opaque::opaque;
use crate::options::Options;
use crate::result::Report;
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
    let ways: [(_, fn(u64) -> u64, _, _); 3] = [
        ("call", call, "call_ns", "call_allocs_per_call"),
        ("direct", direct, "direct_ns", "direct_allocs_per_call"),
        ("boxed", boxed, "boxed_ns", "boxed_allocs_per_call"),
    ];
    let mut results = Vec::new();
    for (name, way, ns_key, allocs_key) in ways {
        way(options.n / 100);
        let before = counting::allocations();
        let (x, span) = report.span(name, options.n, way);
        let allocations = counting::allocations() - before;
        report.real(ns_key, span.ns_each());
        report.real(allocs_key, allocations as f64 / options.n as f64);
        results.push(x);
    }
    if results.iter().any(|x| *x != results[0]) {
        return Err("the ways to call have computed different things".to_string());
    }
    report.int("n", options.n);
    Ok(())
}
