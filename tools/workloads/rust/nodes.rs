// SPDX-License-Identifier: BSD-2-Clause

//! nodes: what a node of a linked structure takes, by malloc's own account and by the kernel's. A node has two links
//! and a key, also in the list, where one of them is not used.

use crate::options::Options;
use crate::os;
use crate::result::{measure, Report};
use crate::Outcome;
use std::ops::Range;

type Link = Option<Box<Node>>;

struct Node {
    left: Link,
    right: Link,
    key: u64,
}

fn list(keys: Range<u64>) -> Link {
    keys.rev().fold(None, |left, key| {
        Some(Box::new(Node {
            left,
            right: None,
            key,
        }))
    })
}

/// The keys in order from left to right
fn tree(keys: Range<u64>) -> Link {
    if keys.is_empty() {
        return None;
    }
    let key = keys.start + (keys.end - keys.start) / 2;
    let (left, right) = (tree(keys.start..key), tree(key + 1..keys.end));
    Some(Box::new(Node { left, right, key }))
}

/// None: a key is not the next one; otherwise the one that is
fn list_in_order(first: &Link, mut next: u64) -> Option<u64> {
    let mut link = first;
    while let Some(node) = link {
        if node.key != next {
            return None;
        }
        next += 1;
        link = &node.left;
    }
    Some(next)
}

fn tree_in_order(link: &Link, next: u64) -> Option<u64> {
    match link {
        None => Some(next),
        Some(node) => {
            let next = tree_in_order(&node.left, next)?;
            (node.key == next).then_some(())?;
            tree_in_order(&node.right, next + 1)
        }
    }
}

/// As Box would by itself, but for a list its stack would not do
fn drop_all(mut link: Link) {
    while let Some(mut node) = link {
        drop_all(node.right.take());
        link = node.left.take();
    }
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let (build, in_order): (fn(_) -> _, fn(&_, _) -> _) = match options.mode {
        Some("tree") => (tree, tree_in_order),
        _ => (list, list_in_order),
    };
    let before = os::memory()?;
    let (first, span) = measure(options.n, |n| build(0..n));
    let after = os::memory()?;
    if in_order(&first, 0) != Some(options.n) {
        return Err("a node has been overwritten".to_string());
    }
    let each = |after: u64, before: u64| (after as f64 - before as f64) / options.n as f64;
    report.add("all", span);
    report.int("n", options.n);
    report.int("elapsed_ns", span.ns());
    report.int("node_bytes", std::mem::size_of::<Node>() as u64);
    report.real("ns_per_node", span.ns_each());
    report.real("heap_bytes_per_node", each(after.heap, before.heap));
    report.real(
        "resident_bytes_per_node",
        each(after.resident, before.resident),
    );
    report.memory()?;
    drop_all(first);
    Ok(())
}
