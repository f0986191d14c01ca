// SPDX-License-Identifier: BSD-2-Clause

//! rust-bench SCENARIO [options]: the scenarios of weft-bench and native-bench, and some of Rust's own, as Rust is
//! written: nothing but std. Prints the result as one JSON line (result.rs).
//!
//!     make -f tools/workloads/rust/rust.mk rust       build/workloads/rust-bench
//!     rustc --edition 2021 -C opt-level=3 -C codegen-units=1 -o rust-bench tools/workloads/rust/main.rs

mod alloc;
mod blocking;
mod churn;
mod connections;
mod counting;
mod cpu;
mod dispatch;
mod epoll;
mod escape;
mod executor;
mod facts;
mod future;
mod generic;
mod graph;
mod http;
mod idle;
mod leak;
mod nodes;
mod opaque;
mod options;
mod os;
mod pingpong;
mod random;
mod refcount;
mod result;
mod serve;
mod spawn;
mod start;
mod sum;
mod tasks;
mod trees;
mod ways;

use options::{Mode, Options, Scenario};
use result::Report;
use std::io::Write;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const fn mode(name: &'static str, n: u64) -> Mode {
    Mode { name, n }
}

/// 0 as the default of -n of a mode: the scenario's own
const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "pingpong",
        help: "two tasks hand over to each other, -n times to and fro",
        takes: "nm",
        modes: &[mode("thread", 20_000), mode("chan", 10_000), mode("task", 2_000_000)],
        run: pingpong::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "spawn",
        help: "-n tasks that end at once",
        takes: "nm",
        modes: &[mode("thread", 3_000), mode("task", 1_000_000)],
        run: spawn::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "idle",
        help: "-n tasks blocked for -t seconds",
        takes: "ntm",
        modes: &[mode("thread", 5_000), mode("task", 500_000)],
        seconds: 0.2,
        run: idle::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "alloc",
        help: "-n arrays of -b bytes (100 words) in all, each kept for a moment",
        takes: "nbj",
        n: 2_000_000,
        block_bytes: 800,
        least_block_bytes: 4,
        run: alloc::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "churn",
        help: "blocks of -b bytes replace others in a live heap of -l MiB, for -t seconds or -n times",
        takes: "ntblj",
        seconds: 1.0,
        block_bytes: 1024,
        least_block_bytes: 16,
        live_mib: 64,
        run: churn::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "trees",
        help: "binary trees of up to -n levels, built and dropped",
        takes: "n",
        n: 14,
        most_n: 32,
        run: trees::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "graph",
        help: "-n cyclic graphs of -b nodes, built and dropped; rc: their counts never become 0",
        takes: "nbjm",
        modes: &[mode("rc", 0), mode("weak", 0)],
        n: 5_000,
        block_bytes: 100,
        run: graph::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "nodes",
        help: "memory for each of -n linked nodes",
        takes: "nm",
        modes: &[mode("list", 0), mode("tree", 0)],
        n: 1_000_000,
        run: nodes::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "leak",
        help: "a map that only grows, by -r MiB a second in values of -b bytes, for -t seconds or -n MiB",
        takes: "ntbr",
        seconds: 1.0,
        block_bytes: 1024,
        rate: 50.0,
        run: leak::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "dispatch",
        help: "-n calls each, by how the target is found",
        takes: "n",
        n: 20_000_000,
        run: dispatch::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "escape",
        help: "-n small objects on the stack, boxed, and boxed as a trait object",
        takes: "n",
        n: 10_000_000,
        run: escape::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "generic",
        help: "-n steps of a function over any type: one copy for each type, and one for all",
        takes: "n",
        n: 50_000_000,
        run: generic::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "sum",
        help: "-j threads add up an array of -l MiB -n times",
        takes: "nlj",
        n: 200,
        live_mib: 8,
        run: sum::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "refcount",
        help: "-n counts up and down each: none, Rc, Arc, and Arc by -j threads at once",
        takes: "nj",
        n: 20_000_000,
        run: refcount::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "future",
        help: "-n calls each: of a function, of an async one, and of one whose future is boxed",
        takes: "n",
        n: 20_000_000,
        run: future::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "blocking",
        help: "-j tasks each block in a system call for -t seconds; task: in one thread",
        takes: "tjm",
        modes: &[mode("thread", 0), mode("task", 0)],
        seconds: 0.02,
        tasks: 20,
        most_tasks: 5_000,
        run: blocking::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "cpu",
        help: "computes: fib, sieve, matmul, mandelbrot, words; each -n times",
        takes: "n",
        n: 3,
        run: cpu::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "start",
        help: "an HTTP server answers one request, and ends",
        run: start::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "serve",
        help: "an HTTP server until SIGTERM: each request takes -b bytes, beside a live heap of -l MiB",
        takes: "bl",
        block_bytes: 1 << 20,
        live_mib: 16,
        run: serve::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "connections",
        help: "-n idle TCP connections for -t seconds; thread: one for each; poll: one for all",
        takes: "ntm",
        modes: &[mode("thread", 2_000), mode("poll", 5_000)],
        seconds: 0.1,
        run: connections::run,
        ..Scenario::DEFAULT
    },
    Scenario {
        name: "facts",
        help: "sizes of types",
        run: facts::run,
        ..Scenario::DEFAULT
    },
];

/// Why a scenario could not be run
pub type Outcome = Result<(), String>;

fn run(scenario: &Scenario, options: &Options) -> Outcome {
    let mut report = Report::new(scenario.name, options);
    if let Some(most) = options.procs {
        os::use_cpus(most)?;
    }
    (scenario.run)(options, &mut report)?;
    report.print()
}

fn main() -> ExitCode {
    let (scenario, options) = match options::parse(SCENARIOS, std::env::args().skip(1)) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => {
            let said = write!(std::io::stdout(), "{}", options::usage(SCENARIOS));
            return ExitCode::from(u8::from(said.is_err()));
        }
        Err(what) => {
            eprint!("rust-bench: {what}\n{}", options::usage(SCENARIOS));
            return ExitCode::from(2);
        }
    };
    match run(scenario, &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("rust-bench: {}: {what}", scenario.name);
            ExitCode::FAILURE
        }
    }
}
