// SPDX-License-Identifier: BSD-2-Clause

//! epoll, as far as it is needed: who can be read from.

use std::io::{Error, Result};
use std::os::raw::c_int;
use std::os::unix::io::{AsRawFd, FromRawFd, OwnedFd};

const EPOLL_CLOEXEC: c_int = 0o2000000;
const EPOLL_CTL_ADD: c_int = 1;
const EPOLLIN: u32 = 1;
const FOREVER: c_int = -1;
const MOST_EVENTS: usize = 256;

#[cfg_attr(target_arch = "x86_64", repr(C, packed))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C))]
#[derive(Clone, Copy)]
struct Event {
    events: u32,
    data: u64,
}

extern "C" {
    fn epoll_create1(flags: c_int) -> c_int;
    fn epoll_ctl(epoll: c_int, what: c_int, fd: c_int, event: *mut Event) -> c_int;
    fn epoll_wait(epoll: c_int, events: *mut Event, most: c_int, timeout_ms: c_int) -> c_int;
}

pub struct Epoll(OwnedFd);

impl Epoll {
    pub fn new() -> Result<Epoll> {
        match unsafe { epoll_create1(EPOLL_CLOEXEC) } {
            fd if fd >= 0 => Ok(Epoll(unsafe { OwnedFd::from_raw_fd(fd) })),
            _ => Err(Error::last_os_error()),
        }
    }

    /// `number` is what wait() returns when there is something to read
    pub fn add(&self, file: &impl AsRawFd, number: usize) -> Result<()> {
        let mut event = Event {
            events: EPOLLIN,
            data: number as u64,
        };
        match unsafe {
            epoll_ctl(
                self.0.as_raw_fd(),
                EPOLL_CTL_ADD,
                file.as_raw_fd(),
                &mut event,
            )
        } {
            0 => Ok(()),
            _ => Err(Error::last_os_error()),
        }
    }

    /// Waits for one or more
    pub fn wait(&self) -> Result<impl Iterator<Item = usize>> {
        let mut events = [Event { events: 0, data: 0 }; MOST_EVENTS];
        let most = MOST_EVENTS as c_int;
        match unsafe { epoll_wait(self.0.as_raw_fd(), events.as_mut_ptr(), most, FOREVER) } {
            n if n >= 0 => Ok(events
                .into_iter()
                .take(n as usize)
                .map(|event| event.data as usize)),
            _ => Err(Error::last_os_error()),
        }
    }
}
