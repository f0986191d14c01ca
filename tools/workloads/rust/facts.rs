// SPDX-License-Identifier: BSD-2-Clause

//! facts: sizes of types, as this compiler lays them out.

use crate::options::Options;
use crate::result::Report;
use crate::Outcome;
use std::any::Any;
use std::future::Future;
use std::mem::{size_of, size_of_val};
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

trait Nothing {}

struct Empty;

impl Nothing for Empty {}

async fn ready(x: u64) -> u64 {
    x
}

/// Keeps 64 words while it waits
async fn keeps(x: impl Future<Output = u64>) -> u64 {
    let words = [1u64; 64];
    x.await + words.iter().sum::<u64>()
}

pub fn run(_: &Options, report: &mut Report) -> Outcome {
    let captured = (1u64, 2u64);
    let closure = move || captured.0 + captured.1;
    let facts = [
        ("pointer_bytes", size_of::<*const u8>()),
        ("reference_bytes", size_of::<&u64>()),
        ("dyn_reference_bytes", size_of::<&dyn Nothing>()),
        ("dyn_any_reference_bytes", size_of::<&dyn Any>()),
        ("box_bytes", size_of::<Box<u64>>()),
        ("box_dyn_bytes", size_of::<Box<dyn Nothing>>()),
        ("option_box_bytes", size_of::<Option<Box<u64>>>()),
        ("option_reference_bytes", size_of::<Option<&u64>>()),
        ("option_u32_bytes", size_of::<Option<u32>>()),
        ("option_non_zero_u32_bytes", size_of::<Option<NonZeroU32>>()),
        ("slice_reference_bytes", size_of::<&[u64]>()),
        ("str_reference_bytes", size_of::<&str>()),
        ("string_bytes", size_of::<String>()),
        ("vec_bytes", size_of::<Vec<u64>>()),
        ("rc_bytes", size_of::<Rc<u64>>()),
        ("arc_bytes", size_of::<Arc<u64>>()),
        ("mutex_u64_bytes", size_of::<Mutex<u64>>()),
        ("empty_struct_bytes", size_of_val(&Empty)),
        ("closure_of_two_words_bytes", size_of_val(&closure)),
        ("future_of_a_word_bytes", size_of_val(&ready(closure()))),
        ("future_of_64_words_bytes", size_of_val(&keeps(ready(1)))),
    ];
    for (key, bytes) in facts {
        report.int(key, bytes as u64);
    }
    Ok(())
}
