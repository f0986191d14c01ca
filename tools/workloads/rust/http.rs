// SPDX-License-Identifier: BSD-2-Clause

//! As much of HTTP/1.1 as is needed here: GET without a body, kept alive.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;

/// Of a request's head
const MOST_BYTES: u64 = 16384;

/// Up to and with the empty line. None: there are no more
fn read_head(reader: &mut impl BufRead) -> Result<Option<String>> {
    let mut head = String::new();
    let mut reader = reader.take(MOST_BYTES);
    loop {
        match reader.read_line(&mut head)? {
            0 if head.is_empty() => return Ok(None),
            0 => {
                return Err(Error::new(
                    ErrorKind::InvalidData,
                    "a request without an end",
                ))
            }
            _ if head.ends_with("\r\n\r\n") => return Ok(Some(head)),
            _ => {}
        }
    }
}

fn wants_close(head: &str) -> bool {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .any(|(name, value)| {
            name.eq_ignore_ascii_case("connection") && value.trim().eq_ignore_ascii_case("close")
        })
}

/// Answers each GET by what `answer` returns, until the peer ends, asks to, or sends what is no request
pub fn serve(stream: &TcpStream, mut answer: impl FnMut() -> String) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    stream.set_nodelay(true)?;
    while let Some(head) = read_head(&mut reader)? {
        let (status, body, last) = match head.starts_with("GET ") {
            true => ("200 OK", answer(), wants_close(&head)),
            false => ("405 Method Not Allowed", "only GET\n".to_string(), true),
        };
        let length = body.len();
        let close = if last { "Connection: close\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n{close}\r\n"
        );
        writer.write_all((head + &body).as_bytes())?;
        if last {
            break;
        }
    }
    Ok(())
}
