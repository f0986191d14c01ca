// SPDX-License-Identifier: BSD-2-Clause

//! refcount: one more owner of a value, and one fewer again. "plain": a borrow, which counts nothing. "rc": counted
//! by one thread. "arc": by an atomic count that no other thread touches. "arc_contended": by several threads at once.

use crate::opaque::keep;
use crate::options::Options;
use crate::result::Report;
use crate::tasks::parallel;
use crate::Outcome;
use std::rc::Rc;
use std::sync::Arc;

/// Each count takes so much longer, at least
const CONTENDED: u64 = 2;

fn plain(value: &u64, n: u64) {
    for _ in 0..n {
        keep(value);
    }
}

fn rc(value: &Rc<u64>, n: u64) {
    for _ in 0..n {
        let owned = Rc::clone(value);
        keep(&*owned);
    }
}

fn arc(value: &Arc<u64>, n: u64) {
    for _ in 0..n {
        let owned = Arc::clone(value);
        keep(&*owned);
    }
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let (n, tasks) = (options.n, options.tasks);
    let (value, counted, shared) = (1, Rc::new(1), Arc::new(1));
    let spans = [
        ("plain_ns", report.span("plain", n, |n| plain(&value, n)).1),
        ("rc_ns", report.span("rc", n, |n| rc(&counted, n)).1),
        ("arc_ns", report.span("arc", n, |n| arc(&shared, n)).1),
    ];
    let each = (n / CONTENDED / tasks as u64).max(1);
    let (_, contended) = parallel(tasks, each * tasks as u64, |_| arc(&shared, each))?;
    report.add("arc_contended", contended);
    report.int("n", n);
    report.int("tasks", tasks as u64);
    for (key, span) in spans {
        report.real(key, span.ns_each());
    }
    report.real("arc_contended_ns", contended.ns_each());
    match (Rc::strong_count(&counted), Arc::strong_count(&shared)) {
        (1, 1) => Ok(()),
        counts => Err(format!("{counts:?} owners are left instead of one")),
    }
}
