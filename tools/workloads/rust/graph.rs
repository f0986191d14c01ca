// SPDX-License-Identifier: BSD-2-Clause

//! graph: graphs in which every node reaches every other. "rc": counts of references never become 0, so a graph that is
//! dropped stays. "weak": edges that do not count, and an owner, the list of all nodes.

use crate::counting;
use crate::options::Options;
use crate::os;
use crate::random::Random;
use crate::result::Report;
use crate::tasks::parallel;
use crate::Outcome;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

const EDGES: usize = 3;

/// The first edges make a ring of all
struct Node<E> {
    edges: RefCell<[Option<E>; EDGES]>,
    number: usize,
}

trait Edge: Sized {
    fn to(node: &Rc<Node<Self>>) -> Self;
    fn follow(&self) -> Option<Rc<Node<Self>>>;
}

struct Counted(Rc<Node<Counted>>);

impl Edge for Counted {
    fn to(node: &Rc<Node<Self>>) -> Self {
        Counted(Rc::clone(node))
    }

    fn follow(&self) -> Option<Rc<Node<Self>>> {
        Some(Rc::clone(&self.0))
    }
}

struct Uncounted(Weak<Node<Uncounted>>);

impl Edge for Uncounted {
    fn to(node: &Rc<Node<Self>>) -> Self {
        Uncounted(Rc::downgrade(node))
    }

    fn follow(&self) -> Option<Rc<Node<Self>>> {
        self.0.upgrade()
    }
}

fn build<E: Edge>(n: usize, random: &mut Random) -> Vec<Rc<Node<E>>> {
    let node = |number| {
        Rc::new(Node {
            edges: RefCell::default(),
            number,
        })
    };
    let all: Vec<_> = (0..n).map(node).collect();
    for (i, node) in all.iter().enumerate() {
        for (k, edge) in node.edges.borrow_mut().iter_mut().enumerate() {
            let to = if k == 0 { (i + 1) % n } else { random.below(n) };
            *edge = Some(E::to(&all[to]));
        }
    }
    all
}

/// Along the ring: are all there?
fn is_whole<E: Edge>(all: &[Rc<Node<E>>]) -> bool {
    let mut node = Rc::clone(&all[0]);
    for number in 0..all.len() {
        if node.number != number {
            return false;
        }
        let next = match node.edges.borrow()[0].as_ref().and_then(E::follow) {
            Some(next) => next,
            None => return false,
        };
        node = next;
    }
    node.number == 0
}

/// How many bytes are left of all, or None if a graph was not as built
fn work<E: Edge>(n: u64, nodes: usize, index: usize) -> Option<i64> {
    let before = counting::live_bytes();
    let mut random = Random(index as u64);
    for _ in 0..n {
        if !is_whole(&build::<E>(nodes, &mut random)) {
            return None;
        }
    }
    Some(counting::live_bytes() - before)
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let (tasks, nodes) = (options.tasks, options.block_bytes);
    let all_nodes = options.n * nodes as u64;
    let (work, node_bytes): (fn(u64, usize, usize) -> _, _) = match options.mode {
        Some("weak") => (work::<Uncounted>, std::mem::size_of::<Node<Uncounted>>()),
        _ => (work::<Counted>, std::mem::size_of::<Node<Counted>>()),
    };
    let base = os::memory()?;
    let (leaked, span) = parallel(tasks, all_nodes, |index| {
        work(options.share(index), nodes, index)
    })?;
    let after = os::memory()?;
    let leaked = match leaked.into_iter().sum::<Option<i64>>() {
        Some(leaked) => leaked,
        None => return Err("a node has been overwritten".to_string()),
    };
    report.add("all", span);
    report.int("n", options.n);
    report.int("tasks", tasks as u64);
    report.int("elapsed_ns", span.ns());
    report.int("nodes", all_nodes);
    report.int("node_bytes", node_bytes as u64);
    report.real("ns_per_node", span.ns_each());
    report.int("base_bytes", base.heap);
    report.int("dropped_bytes", after.heap);
    report.int("after_bytes", after.heap);
    report.int("leaked_bytes", leaked);
    report.memory()
}
