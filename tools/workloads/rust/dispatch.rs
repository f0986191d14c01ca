// SPDX-License-Identifier: BSD-2-Clause

//! dispatch: what a call costs by how its target is found. Four types of object, each with a method of one or two
//! instructions; each loop calls the method of one object after another and passes the value along. Of the first type
//! all objects are, but where the name says mixed: there types are in random order.

use crate::opaque::{black_box, opaque};
use crate::options::Options;
use crate::random::Random;
use crate::result::{Report, Span};
use crate::Outcome;
use std::any::Any;

/// More than a predictor learns by heart, while all of it stays in the second cache
const OBJECTS: usize = 16384;

trait Mix {
    fn mix(&self, x: u64) -> u64;
}

/// For where the call must be one
trait MixApart {
    fn mix_apart(&self, x: u64) -> u64;
}

macro_rules! mixers {
    ($($name:ident($value:ident, $x:ident): $mix:expr;)*) => { $(
        struct $name(u64);

        impl Mix for $name {
            #[inline(always)]
            fn mix(&self, $x: u64) -> u64 {
                let $value = self.0;
                $mix
            }
        }

        impl MixApart for $name {
            #[inline(never)]
            fn mix_apart(&self, x: u64) -> u64 {
                self.mix(x)
            }
        }
    )* };
}

mixers! {
    Add(value, x): x.wrapping_add(value);
    Xor(value, x): x ^ value;
    Subtract(value, x): x.wrapping_sub(value);
    Scale(value, x): x.wrapping_mul(2).wrapping_add(value);
}

enum AnyMix {
    Add(Add),
    Xor(Xor),
    Subtract(Subtract),
    Scale(Scale),
}

#[inline(never)]
fn inlined(objects: &[Add], mut x: u64) -> u64 {
    for object in objects {
        x = opaque(object.mix(x));
    }
    x
}

#[inline(never)]
fn direct(objects: &[Add], mut x: u64) -> u64 {
    for object in objects {
        x = opaque(object.mix_apart(x));
    }
    x
}

#[inline(never)]
fn dynamic(objects: &[Box<dyn Mix>], mut x: u64) -> u64 {
    for object in objects {
        x = opaque(object.mix(x));
    }
    x
}

#[inline(never)]
fn by_closure(objects: &[Add], x: u64, call: impl Fn(&Add, u64) -> u64) -> u64 {
    objects.iter().fold(x, |x, object| opaque(call(object, x)))
}

#[inline(never)]
fn by_closure_dyn(objects: &[Add], x: u64, call: &dyn Fn(&Add, u64) -> u64) -> u64 {
    objects.iter().fold(x, |x, object| opaque(call(object, x)))
}

#[inline(never)]
fn generic<M: Mix>(objects: &[M], mut x: u64) -> u64 {
    for object in objects {
        x = opaque(object.mix(x));
    }
    x
}

#[inline(never)]
fn enum_match(objects: &[AnyMix], mut x: u64) -> u64 {
    for object in objects {
        x = opaque(match object {
            AnyMix::Add(object) => object.mix(x),
            AnyMix::Xor(object) => object.mix(x),
            AnyMix::Subtract(object) => object.mix(x),
            AnyMix::Scale(object) => object.mix(x),
        });
    }
    x
}

#[inline(never)]
fn downcast(objects: &[Box<dyn Any>], mut x: u64) -> u64 {
    for object in objects {
        if let Some(object) = object.downcast_ref::<Add>() {
            x = opaque(object.mix(x));
        }
    }
    x
}

/// What the objects hold, and of which type they are where types are mixed
fn values() -> impl Iterator<Item = (u64, u64)> {
    let mut random = Random(1);
    (0..OBJECTS)
        .map(move |_| random.next())
        .map(|value| (value, value % 4))
}

fn boxed(value: u64, kind: u64) -> Box<dyn Mix> {
    match kind {
        0 => Box::new(Add(value)),
        1 => Box::new(Xor(value)),
        2 => Box::new(Subtract(value)),
        _ => Box::new(Scale(value)),
    }
}

fn tagged(value: u64, kind: u64) -> AnyMix {
    match kind {
        0 => AnyMix::Add(Add(value)),
        1 => AnyMix::Xor(Xor(value)),
        2 => AnyMix::Subtract(Subtract(value)),
        _ => AnyMix::Scale(Scale(value)),
    }
}

/// Passes over all objects, after one to warm up. Returns what was computed.
fn measure(
    report: &mut Report,
    passes: u64,
    name: &'static str,
    key: &str,
    pass: impl Fn(u64) -> u64,
) -> u64 {
    pass(0);
    let (x, span) = report.span(name, passes * OBJECTS as u64, |n| {
        (0..n / OBJECTS as u64).fold(0, |x, _| pass(x))
    });
    report.real(key, Span::ns_each(&span));
    x
}

pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let same: Vec<Add> = values().map(|(value, _)| Add(value)).collect();
    let dyn_same: Vec<_> = values().map(|(value, _)| boxed(value, 0)).collect();
    let dyn_mixed: Vec<_> = values().map(|(value, kind)| boxed(value, kind)).collect();
    let enum_same: Vec<_> = values().map(|(value, _)| tagged(value, 0)).collect();
    let enum_mixed: Vec<_> = values().map(|(value, kind)| tagged(value, kind)).collect();
    let any: Vec<_> = values()
        .map(|(value, _)| Box::new(Add(value)) as Box<dyn Any>)
        .collect();
    let passes = (options.n + OBJECTS as u64 - 1) / OBJECTS as u64;
    let none = opaque(0);
    let call = move |object: &Add, x: u64| object.mix(x ^ none);

    let mut measure =
        |name, key, pass: &dyn Fn(u64) -> u64| measure(report, passes, name, key, pass);
    let of_one_type = [
        measure("inlined", "inlined_ns", &|x| inlined(&same, x)),
        measure("direct", "direct_ns", &|x| direct(&same, x)),
        measure("dyn", "dyn_ns", &|x| dynamic(&dyn_same, x)),
        measure("closure", "closure_ns", &|x| by_closure(&same, x, call)),
        measure("closure_dyn", "closure_dyn_ns", &|x| {
            by_closure_dyn(&same, x, black_box(&call))
        }),
        measure("generic", "generic_ns", &|x| generic(&same, x)),
        measure("enum_match", "enum_match_ns", &|x| {
            enum_match(&enum_same, x)
        }),
        measure("downcast", "downcast_ns", &|x| downcast(&any, x)),
    ];
    let of_all = [
        measure("dyn_mixed", "dyn_mixed_ns", &|x| dynamic(&dyn_mixed, x)),
        measure("enum_mixed", "enum_mixed_ns", &|x| {
            enum_match(&enum_mixed, x)
        }),
    ];
    if of_one_type.iter().any(|x| *x != of_one_type[0]) || of_all[0] != of_all[1] {
        return Err("one way of calling has computed something else than the others".to_string());
    }
    report.int("n", passes * OBJECTS as u64);
    Ok(())
}
