// SPDX-License-Identifier: BSD-2-Clause

//! What std does not offer of the kernel and the C library, which std links anyway.

use std::io::Error;
use std::os::raw::{c_int, c_long};

const CLOCK_MONOTONIC: c_int = 1;
const RLIMIT_NOFILE: c_int = 7;
const RUSAGE_SELF: c_int = 0;
const SIG_BLOCK: c_int = 0;
const SIGTERM: c_int = 15;

/// As many as Linux has at most (PID_MAX_LIMIT), or allows by itself (fs.nr_open)
pub const MOST_THREADS: u64 = 1 << 22;
pub const MOST_FILES: u64 = 1 << 20;

#[repr(C)]
#[derive(Default)]
struct Timespec {
    seconds: c_long,
    ns: c_long,
}

/// CPUs, as cpu_set_t
type CpuSet = [u64; 16];
type SignalSet = [u64; 16];
/// pthread_attr_t
type ThreadAttributes = [u64; 8];

#[repr(C)]
#[derive(Default)]
struct Usage {
    times: [c_long; 4],
    counts: [c_long; 12],
    voluntary: c_long,
    involuntary: c_long,
}

#[repr(C)]
struct Limit {
    soft: u64,
    hard: u64,
}

#[repr(C)]
#[derive(Default)]
struct Mallinfo2 {
    arena: usize,
    ordblks: usize,
    smblks: usize,
    hblks: usize,
    hblkhd: usize,
    usmblks: usize,
    fsmblks: usize,
    uordblks: usize,
    fordblks: usize,
    keepcost: usize,
}

extern "C" {
    fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int;
    fn sched_getaffinity(pid: c_int, bytes: usize, set: *mut CpuSet) -> c_int;
    fn sched_setaffinity(pid: c_int, bytes: usize, set: *const CpuSet) -> c_int;
    fn getrusage(who: c_int, usage: *mut Usage) -> c_int;
    fn getrlimit(what: c_int, limit: *mut Limit) -> c_int;
    fn setrlimit(what: c_int, limit: *const Limit) -> c_int;
    fn mallinfo2() -> Mallinfo2;
    fn sigemptyset(set: *mut SignalSet) -> c_int;
    fn sigaddset(set: *mut SignalSet, signal: c_int) -> c_int;
    fn pthread_sigmask(how: c_int, set: *const SignalSet, old: *mut SignalSet) -> c_int;
    fn pthread_self() -> usize;
    fn pthread_getattr_np(thread: usize, attributes: *mut ThreadAttributes) -> c_int;
    fn pthread_attr_getstacksize(attributes: *const ThreadAttributes, bytes: *mut usize) -> c_int;
    fn pthread_attr_destroy(attributes: *mut ThreadAttributes) -> c_int;
    fn sigwait(set: *const SignalSet, signal: *mut c_int) -> c_int;
}

fn check(what: &str, status: c_int) -> Result<(), String> {
    match status {
        0 => Ok(()),
        _ => Err(format!("{what}: {}", Error::last_os_error())),
    }
}

#[inline]
pub fn now_ns() -> u64 {
    let mut time = Timespec::default();
    unsafe { clock_gettime(CLOCK_MONOTONIC, &mut time) };
    time.seconds as u64 * 1_000_000_000 + time.ns as u64
}

/// How many threads run at once
pub fn procs() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

/// Only the first `most` of the CPUs that this process may use
pub fn use_cpus(most: usize) -> Result<(), String> {
    let mut set: CpuSet = [0; 16];
    let bytes = std::mem::size_of::<CpuSet>();
    match unsafe { sched_getaffinity(0, bytes, &mut set) } {
        0.. => {}
        status => check("sched_getaffinity", status)?,
    }
    let mut left = most;
    for word in set.iter_mut() {
        let all = *word;
        *word = 0;
        for bit in (0..u64::BITS).map(|i| 1 << i).filter(|bit| all & bit != 0) {
            if left > 0 {
                *word |= bit;
                left -= 1;
            }
        }
    }
    check("sched_setaffinity", unsafe {
        sched_setaffinity(0, bytes, &set)
    })
}

/// Switches of this process's threads until now: they waited, or were taken off the CPU. (getrusage() fails only if it
/// is called wrongly.)
pub fn switches() -> u64 {
    let mut usage = Usage::default();
    unsafe { getrusage(RUSAGE_SELF, &mut usage) };
    (usage.voluntary + usage.involuntary) as u64
}

/// Of this thread, address space; None: it is not known
pub fn stack_bytes() -> Option<usize> {
    let mut attributes: ThreadAttributes = [0; 8];
    let mut bytes = 0;
    let known = unsafe {
        let got = pthread_getattr_np(pthread_self(), &mut attributes) == 0;
        let known = got && pthread_attr_getstacksize(&attributes, &mut bytes) == 0;
        if got {
            pthread_attr_destroy(&mut attributes);
        }
        known
    };
    known.then_some(bytes)
}

/// As many open files as this process may ask for
pub fn allow_most_files() -> Result<(), String> {
    let mut limit = Limit { soft: 0, hard: 0 };
    check("getrlimit", unsafe { getrlimit(RLIMIT_NOFILE, &mut limit) })?;
    limit.soft = limit.hard;
    check("setrlimit", unsafe { setrlimit(RLIMIT_NOFILE, &limit) })
}

/// SIGTERM ends the process no longer, in this thread and those that it starts: it waits until somebody asks for it
pub struct Termination(SignalSet);

impl Termination {
    pub fn hold_back() -> Result<Termination, String> {
        let mut set: SignalSet = [0; 16];
        let status = unsafe {
            sigemptyset(&mut set);
            sigaddset(&mut set, SIGTERM);
            pthread_sigmask(SIG_BLOCK, &set, std::ptr::null_mut())
        };
        match status {
            0 => Ok(Termination(set)),
            err => Err(format!(
                "pthread_sigmask: {}",
                Error::from_raw_os_error(err)
            )),
        }
    }

    pub fn wait(&self) -> Result<(), String> {
        let mut signal = 0;
        match unsafe { sigwait(&self.0, &mut signal) } {
            0 => Ok(()),
            err => Err(format!("sigwait: {}", Error::from_raw_os_error(err))),
        }
    }
}

/// Bytes of this process, by the kernel and by malloc
pub struct Memory {
    pub resident: u64,
    pub peak_resident: u64,
    pub virtual_: u64,
    /// In blocks that malloc counts as used, with its own few bytes in each
    pub heap: u64,
    /// Held of the kernel for them
    pub mapped: u64,
}

pub fn memory() -> Result<Memory, String> {
    let status = std::fs::read_to_string("/proc/self/status")
        .map_err(|err| format!("/proc/self/status: {err}"))?;
    let bytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.map(|kib| kib * 1024)
            .ok_or(format!("/proc/self/status: no {key}"))
    };
    let malloc = unsafe { mallinfo2() };
    Ok(Memory {
        resident: bytes("VmRSS:")?,
        peak_resident: bytes("VmHWM:")?,
        virtual_: bytes("VmSize:")?,
        heap: (malloc.uordblks + malloc.hblkhd) as u64,
        mapped: (malloc.arena + malloc.hblkhd) as u64,
    })
}
