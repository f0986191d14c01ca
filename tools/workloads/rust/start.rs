// SPDX-License-Identifier: BSD-2-Clause

//! start: the least that a server program does: listen, answer one request, end. The request is its own.

use crate::options::Options;
use crate::result::Report;
use crate::{http, os, Outcome};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn answer_one() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    client.write_all(REQUEST.as_bytes())?;
    let (server, _) = listener.accept()?;
    http::serve(&server, || "hello".to_string())?;
    drop(server);
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    Ok(answer)
}

pub fn run(_: &Options, report: &mut Report) -> Outcome {
    let (answer, span) = report.span("all", 1, |_| answer_one());
    let answer = answer.map_err(|err| format!("a server on 127.0.0.1: {err}"))?;
    if !answer.starts_with("HTTP/1.1 200 OK\r\n") || !answer.ends_with("\r\n\r\nhello") {
        return Err(format!("the answer was {answer:?}"));
    }
    report.int("n", span.n);
    report.int("elapsed_ns", span.ns());
    report.int("peak_resident_bytes", os::memory()?.peak_resident);
    Ok(())
}
