// SPDX-License-Identifier: BSD-2-Clause

//! A scenario's result: one JSON line on standard output. Keys are identifiers with their unit at the end, strings are
//! this program's own; neither needs escapes.

use crate::opaque::{black_box, opaque};
use crate::options::Options;
use crate::{os, Outcome};
use std::fmt::{Display, Write as _};
use std::io::Write as _;

/// Of the compiler, if who built this said it: it is not to be had otherwise
const VERSION: Option<&str> = option_env!("RUSTC_VERSION");

/// `n` operations between two readings of CLOCK_MONOTONIC
#[derive(Clone, Copy)]
pub struct Span {
    pub begin_ns: u64,
    pub end_ns: u64,
    pub n: u64,
}

impl Span {
    pub fn ns(&self) -> u64 {
        self.end_ns - self.begin_ns
    }

    pub fn ns_each(&self) -> f64 {
        self.ns() as f64 / self.n as f64
    }
}

/// Measures `work`, which gets n. Nothing of it can leave the span: it begins by what the compiler does not know, and
/// its result is asked for at the end.
#[inline(never)]
pub fn measure<T>(n: u64, work: impl FnOnce(u64) -> T) -> (T, Span) {
    let begin_ns = os::now_ns();
    let value = black_box(work(opaque(n)));
    (
        value,
        Span {
            begin_ns,
            end_ns: os::now_ns(),
            n,
        },
    )
}

pub struct Report {
    line: String,
    spans: Vec<(&'static str, Span)>,
}

impl Report {
    pub fn new(scenario: &str, options: &Options) -> Report {
        let line = format!("{{\"scenario\":\"{scenario}\",\"runtime\":\"rust\"");
        let mut report = Report {
            line,
            spans: Vec::with_capacity(16),
        };
        match VERSION {
            Some(version) => report.text("version", version),
            None => report.null("version"),
        }
        if let Some(mode) = options.mode {
            report.text("mode", mode);
        }
        report
    }

    fn put(&mut self, key: &str, value: impl Display) {
        write!(self.line, ",\"{key}\":{value}").unwrap();
    }

    pub fn text(&mut self, key: &str, value: &str) {
        self.put(key, format_args!("\"{value}\""));
    }

    pub fn null(&mut self, key: &str) {
        self.put(key, "null");
    }

    pub fn int(&mut self, key: &str, value: impl TryInto<i64>) {
        match value.try_into() {
            Ok(value) => self.put(key, value),
            Err(_) => self.null(key),
        }
    }

    /// What is not finite becomes null
    pub fn real(&mut self, key: &str, value: f64) {
        match value.is_finite() {
            true => self.put(key, format_args!("{value:.3}")),
            false => self.null(key),
        }
    }

    /// duration_ns: null where -n took its place
    pub fn duration(&mut self, options: &Options) {
        match options.n_given {
            true => self.null("duration_ns"),
            false => self.int("duration_ns", options.duration().as_nanos()),
        }
    }

    /// What malloc and the kernel say now
    pub fn memory(&mut self) -> Outcome {
        let memory = os::memory()?;
        self.int("collections", 0);
        self.int("heap_bytes", memory.heap);
        self.int("mapped_bytes", memory.mapped);
        self.int("resident_bytes", memory.resident);
        self.int("peak_resident_bytes", memory.peak_resident);
        Ok(())
    }

    /// measure(), as part of the result
    #[inline(always)]
    pub fn span<T>(
        &mut self,
        name: &'static str,
        n: u64,
        work: impl FnOnce(u64) -> T,
    ) -> (T, Span) {
        let (value, span) = measure(n, work);
        self.add(name, span);
        (value, span)
    }

    /// One that was measured elsewhere
    pub fn add(&mut self, name: &'static str, span: Span) {
        self.spans.push((name, span));
    }

    pub fn print(mut self) -> Outcome {
        self.int("procs", os::procs());
        let spans: Vec<String> = self
            .spans
            .iter()
            .map(
                |(
                    name,
                    Span {
                        begin_ns,
                        end_ns,
                        n,
                    },
                )| {
                    format!("\"{name}\":{{\"begin_ns\":{begin_ns},\"end_ns\":{end_ns},\"n\":{n}}}")
                },
            )
            .collect();
        self.put("spans", format_args!("{{{}}}", spans.join(",")));
        writeln!(std::io::stdout(), "{}}}", self.line)
            .map_err(|err| format!("the result cannot be written to standard output: {err}"))
    }
}
