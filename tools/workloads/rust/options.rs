// SPDX-License-Identifier: BSD-2-Clause

//! The command line.

use crate::result::Report;
use crate::{os, Outcome};
use std::fmt::Write;
use std::time::Duration;

const MIB: u64 = 1 << 20;

pub struct Mode {
    pub name: &'static str,
    /// Default of -n; 0: the scenario's
    pub n: u64,
}

pub struct Scenario {
    pub name: &'static str,
    pub help: &'static str,
    /// Letters of the options that mean something to it; -p always does
    pub takes: &'static str,
    /// The first one is the default
    pub modes: &'static [Mode],
    pub n: u64,
    pub seconds: f64,
    /// 0: as many as run at once
    pub tasks: u64,
    pub live_mib: u64,
    pub block_bytes: u64,
    /// A second
    pub rate: f64,
    pub least_block_bytes: u64,
    pub most_n: u64,
    pub most_tasks: u64,
    pub run: fn(&Options, &mut Report) -> Outcome,
}

impl Scenario {
    pub const DEFAULT: Scenario = Scenario {
        name: "",
        help: "",
        takes: "",
        modes: &[],
        n: 0,
        seconds: 0.0,
        tasks: 0,
        live_mib: 0,
        block_bytes: 0,
        rate: 0.0,
        least_block_bytes: 0,
        most_n: u64::MAX,
        most_tasks: u64::MAX,
        run: |_, _| Ok(()),
    };
}

/// Complete when a scenario gets them: what was not asked for is the scenario's own
pub struct Options {
    pub n: u64,
    pub n_given: bool,
    pub seconds: f64,
    pub tasks: usize,
    pub live_bytes: u64,
    pub block_bytes: usize,
    pub rate: f64,
    /// None: all CPUs
    pub procs: Option<usize>,
    pub mode: Option<&'static str>,
}

impl Options {
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// How often task `index` of `tasks` is to do what is done -n times in all
    pub fn share(&self, index: usize) -> u64 {
        let tasks = self.tasks as u64;
        self.n / tasks + u64::from((index as u64) < self.n % tasks)
    }
}

/// The letters, with the most that each takes
const LETTERS: [(char, &str, f64); 8] = [
    ('n', "N", 1e12),
    ('t', "SECONDS", 1e6),
    ('j', "TASKS", 1e6),
    ('l', "MIB", 1e6),
    ('b', "BYTES", 1e9),
    ('r', "RATE", 1e7),
    ('m', "MODE", 0.0),
    ('p', "PROCS", 255.0),
];

pub fn usage(scenarios: &[Scenario]) -> String {
    let mut text = "usage: rust-bench SCENARIO".to_string();
    for (letter, what, _) in LETTERS {
        write!(text, " [-{letter} {what}]").unwrap();
    }
    text += "\n  -p PROCS  on how many CPUs it may run\n";
    for s in scenarios {
        write!(text, "  {:<11} {} (takes ", s.name, s.help).unwrap();
        for letter in s.takes.chars() {
            write!(text, "-{letter} ").unwrap();
        }
        text += "-p";
        for (i, mode) in s.modes.iter().enumerate() {
            write!(
                text,
                "{}{}",
                if i == 0 { "; -m " } else { " | " },
                mode.name
            )
            .unwrap();
        }
        text += ")\n";
    }
    text
}

/// A rate and a time may be fractions, all else is counted
fn number(letter: char, most: f64, text: &str) -> Result<f64, String> {
    let whole = !matches!(letter, 't' | 'r');
    match text.parse::<f64>() {
        Ok(x) if x > 0.0 && x <= most && (!whole || x.fract() == 0.0) => Ok(x),
        _ => Err(format!(
            "-{letter} {text}: a {} above 0 and up to {most} is wanted",
            if whole { "whole number" } else { "number" }
        )),
    }
}

/// Options as they were given
type Given = Vec<(char, String)>;

/// Scenario's name and (letter, value), in the order of the command line. None: help was asked for
fn split(args: impl Iterator<Item = String>) -> Result<Option<(String, Given)>, String> {
    let mut args = args.peekable();
    let (mut name, mut given) = (None, Vec::new());
    if args.peek().is_none() {
        return Ok(None);
    }
    while let Some(arg) = args.next() {
        let mut chars = arg.chars();
        match (chars.next(), chars.next()) {
            (Some('-'), Some('h')) => return Ok(None),
            (Some('-'), _) if arg == "--help" => return Ok(None),
            (Some('-'), Some(letter)) if LETTERS.iter().any(|l| l.0 == letter) => {
                let joined = chars.as_str().to_string();
                let value = if joined.is_empty() {
                    args.next()
                } else {
                    Some(joined)
                };
                given.push((letter, value.ok_or(format!("-{letter} needs a value"))?));
            }
            (Some('-'), _) => return Err(format!("there is no option {arg}")),
            _ if name.is_some() => return Err("one scenario at a time".to_string()),
            _ => name = Some(arg),
        }
    }
    match name {
        Some(name) => Ok(Some((name, given))),
        None => Err("which scenario?".to_string()),
    }
}

fn find_mode<'a>(
    scenario: &'a Scenario,
    given: &[(char, String)],
) -> Result<Option<&'a Mode>, String> {
    match given.iter().rev().find(|(letter, _)| *letter == 'm') {
        None => Ok(scenario.modes.first()),
        Some((_, name)) => match scenario.modes.iter().find(|mode| mode.name == name) {
            None => Err(format!("{} has no mode {name}", scenario.name)),
            found => Ok(found),
        },
    }
}

fn set(options: &mut Options, letter: char, x: f64) {
    match letter {
        'n' => {
            options.n = x as u64;
            options.n_given = true;
        }
        't' => options.seconds = x,
        'j' => options.tasks = x as usize,
        'l' => options.live_bytes = x as u64 * MIB,
        'b' => options.block_bytes = x as usize,
        'r' => options.rate = x,
        _ => options.procs = Some(x as usize),
    }
}

fn complete(scenario: &Scenario, given: &[(char, String)]) -> Result<Options, String> {
    let mode = find_mode(scenario, given)?;
    let mut options = Options {
        n: mode.map_or(0, |mode| mode.n).max(scenario.n),
        n_given: false,
        seconds: scenario.seconds,
        tasks: scenario.tasks as usize,
        live_bytes: scenario.live_mib * MIB,
        block_bytes: scenario.block_bytes as usize,
        rate: scenario.rate,
        procs: None,
        mode: mode.map(|mode| mode.name),
    };
    for (letter, text) in given {
        if *letter != 'p' && !scenario.takes.contains(*letter) {
            return Err(format!("{} takes no -{letter}", scenario.name));
        }
        if *letter != 'm' {
            let (_, _, most) = LETTERS.iter().find(|l| l.0 == *letter).unwrap();
            set(&mut options, *letter, number(*letter, *most, text)?);
        }
    }
    if (options.block_bytes as u64) < scenario.least_block_bytes {
        let least = scenario.least_block_bytes;
        return Err(format!("{} takes -b from {least} on", scenario.name));
    }
    let tasks = options.tasks as u64;
    for (letter, x, most) in [
        ('n', options.n, scenario.most_n),
        ('j', tasks, scenario.most_tasks),
    ] {
        if x > most {
            return Err(format!("{} takes -{letter} up to {most}", scenario.name));
        }
    }
    if options.tasks == 0 {
        options.tasks = options
            .procs
            .map_or(os::procs(), |procs| procs.min(os::procs()));
    }
    Ok(options)
}

/// The scenario and its options; None: help was asked for, or nothing at all. Err: what is wrong.
pub fn parse(
    scenarios: &'static [Scenario],
    args: impl Iterator<Item = String>,
) -> Result<Option<(&'static Scenario, Options)>, String> {
    let (name, given) = match split(args)? {
        Some(found) => found,
        None => return Ok(None),
    };
    match scenarios.iter().find(|s| s.name == name) {
        Some(scenario) => Ok(Some((scenario, complete(scenario, &given)?))),
        None => Err(format!("there is no scenario {name}")),
    }
}
