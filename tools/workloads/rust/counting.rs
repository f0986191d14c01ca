// SPDX-License-Identifier: BSD-2-Clause

//! The allocator of the whole program: std's, and for each thread a count that costs three instructions, without a
//! lock. So the figures are of what a thread does by itself, whatever others do meanwhile.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

pub struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LIVE_BYTES: Cell<i64> = const { Cell::new(0) };
}

#[inline(always)]
fn count(allocations: u64, bytes: i64) {
    ALLOCATIONS.with(|n| n.set(n.get().wrapping_add(allocations)));
    LIVE_BYTES.with(|n| n.set(n.get().wrapping_add(bytes)));
}

#[cold]
fn no_memory(bytes: usize) -> ! {
    eprintln!("rust-bench: no memory for {bytes} bytes");
    std::process::exit(1)
}

/// Nobody here could go on without
#[inline(always)]
fn got(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() {
        no_memory(bytes);
    }
    memory
}

unsafe impl GlobalAlloc for Counting {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        got(System.alloc(layout), layout.size())
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        got(System.alloc_zeroed(layout), layout.size())
    }

    #[inline]
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        count(1, bytes as i64 - layout.size() as i64);
        got(System.realloc(old, layout, bytes), bytes)
    }

    #[inline]
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        System.dealloc(old, layout)
    }
}

/// Of this thread until now
pub fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

/// What this thread has allocated, without what it has freed: as asked for, not as rounded up
pub fn live_bytes() -> i64 {
    LIVE_BYTES.with(Cell::get)
}
