// SPDX-License-Identifier: BSD-2-Clause

//! What the compiler may not look into, so that it neither leaves out nor folds what is measured. (std's black_box came
//! with Rust 1.66, and sends a number through memory.)

use std::arch::asm;

/// The same number, through a register
#[inline(always)]
pub fn opaque(mut x: u64) -> u64 {
    unsafe { asm!("/* {0} */", inout(reg) x, options(nomem, nostack, preserves_flags)) };
    x
}

/// The compiler must take it that somebody reads and writes what `place` refers to
#[inline(always)]
pub fn keep<T: ?Sized>(place: &T) {
    let address = place as *const T as *const u8;
    unsafe { asm!("/* {0} */", in(reg) address, options(nostack, preserves_flags)) };
}

/// The same value, through memory
#[inline(always)]
pub fn black_box<T>(value: T) -> T {
    keep(&value);
    value
}
