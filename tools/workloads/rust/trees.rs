// SPDX-License-Identifier: BSD-2-Clause

//! trees: binary trees without contents. One of the most depth lives throughout; meanwhile a thread for each
//! other depth builds and drops as many as have the same number of nodes in all.

use crate::options::Options;
use crate::result::Report;
use crate::tasks::parallel;
use crate::Outcome;

const LEAST_DEPTH: u32 = 4;

struct Node {
    children: Option<(Box<Node>, Box<Node>)>,
}

fn build(depth: u32) -> Box<Node> {
    let children = match depth {
        0 => None,
        _ => Some((build(depth - 1), build(depth - 1))),
    };
    Box::new(Node { children })
}

fn count(node: &Node) -> u64 {
    1 + node
        .children
        .as_ref()
        .map_or(0, |(left, right)| count(left) + count(right))
}

/// Of a tree
fn nodes(depth: u32) -> u64 {
    (2 << depth) - 1
}

fn repeat(depth: u32, most: u32) -> u64 {
    1 << (most + LEAST_DEPTH - depth)
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let most = options.n as u32;
    let depths: Vec<u32> = (LEAST_DEPTH..=most).step_by(2).collect();
    let expected = nodes(most + 1)
        + nodes(most)
        + depths
            .iter()
            .map(|&depth| nodes(depth) * repeat(depth, most))
            .sum::<u64>();
    let (counted, span) = report.span("all", expected, |_| {
        let stretch = count(&build(most + 1));
        let lives = build(most);
        let (counts, _) = parallel(depths.len(), 0, |index| {
            let depth = depths[index];
            (0..repeat(depth, most))
                .map(|_| count(&build(depth)))
                .sum::<u64>()
        })?;
        Ok::<u64, String>(stretch + counts.iter().sum::<u64>() + count(&lives))
    });
    match counted? {
        counted if counted == expected => {}
        counted => return Err(format!("{counted} nodes counted instead of {expected}")),
    }
    report.int("n", options.n);
    report.int("elapsed_ns", span.ns());
    report.int("nodes", expected);
    report.int("node_bytes", std::mem::size_of::<Node>() as u64);
    report.real("ns_per_node", span.ns_each());
    report.memory()
}
