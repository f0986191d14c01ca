// SPDX-License-Identifier: BSD-2-Clause

//! serve: an HTTP server with a thread for each connection. Each request takes memory, which is dropped when it is
//! answered. Prints {"port":P} first, and the result when SIGTERM tells it to end.

use crate::opaque::keep;
use crate::options::Options;
use crate::os::Termination;
use crate::result::{Report, Span};
use crate::tasks::no_thread;
use crate::{http, os, Outcome};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::thread::{self, Builder};
use std::time::Duration;

const PAGE: usize = 4096;
const LIVE_BLOCK: usize = 1024;
/// Until there may be another file or thread
const AGAIN: Duration = Duration::from_millis(10);

/// Writes to each page, and adds up what is there then
fn fill_and_sum(memory: &mut [u8]) -> u64 {
    for (i, page) in memory.chunks_mut(PAGE).enumerate() {
        page[0] = (i + 1) as u8;
    }
    keep(memory);
    memory
        .iter()
        .step_by(PAGE)
        .map(|byte| u64::from(*byte))
        .sum()
}

fn answer_all(stream: TcpStream, block_bytes: usize, requests: &AtomicU64) {
    // what goes wrong here is seen by the client
    let _ = http::serve(&stream, || {
        requests.fetch_add(1, Ordering::Relaxed);
        fill_and_sum(&mut vec![0; block_bytes]).to_string()
    });
}

fn accept_all(listener: TcpListener, block_bytes: usize, requests: Arc<AtomicU64>) {
    let mut accepted = 0;
    loop {
        let started = listener
            .accept()
            .map_err(|err| format!("accepting: {err}"))
            .and_then(|(stream, _)| {
                let requests = Arc::clone(&requests);
                let task = move || answer_all(stream, block_bytes, &requests);
                Builder::new()
                    .spawn(task)
                    .map_err(|err| no_thread(accepted + 1, err))
            });
        match started {
            Ok(_) => accepted += 1,
            Err(what) => {
                eprintln!("rust-bench: serve: {what}");
                thread::sleep(AGAIN);
            }
        }
    }
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let termination = Termination::hold_back()?;
    let live: Vec<_> = (0..options.live_bytes as usize / LIVE_BLOCK)
        .map(|i| vec![i as u8 | 1; LIVE_BLOCK])
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0");
    let listener = listener.map_err(|err| format!("listening on 127.0.0.1: {err}"))?;
    let port = listener.local_addr().map_err(|err| err.to_string())?.port();
    let (requests, block_bytes) = (Arc::new(AtomicU64::new(0)), options.block_bytes);
    let begin_ns = os::now_ns();
    let counted = Arc::clone(&requests);
    let acceptor = Builder::new().spawn(move || accept_all(listener, block_bytes, counted));
    acceptor.map_err(|err| no_thread(1, err))?;
    writeln!(std::io::stdout(), "{{\"port\":{port}}}")
        .map_err(|err| format!("standard output: {err}"))?;
    termination.wait()?;
    let n = requests.load(Ordering::Relaxed);
    let span = Span {
        begin_ns,
        end_ns: os::now_ns(),
        n,
    };
    report.add("all", span);
    report.int("n", n);
    report.int("elapsed_ns", span.ns());
    report.int("block_bytes", block_bytes as u64);
    report.int(
        "live_bytes",
        live.iter().map(|block| block.len() as u64).sum::<u64>(),
    );
    report.memory()
}
