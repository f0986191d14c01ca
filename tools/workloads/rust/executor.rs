// SPDX-License-Identifier: BSD-2-Clause

//! An executor as small as it can be: one thread, and a queue of the tasks that may go on.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

#[derive(Default)]
pub struct Executor {
    ready: Rc<Queue>,
}

type Queue = RefCell<VecDeque<Rc<Task>>>;

/// Lives as long as it is in the queue, or somebody may wake it
struct Task {
    /// None: it has ended
    future: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>,
    queued: Cell<bool>,
    ready: Rc<Queue>,
}

impl Executor {
    pub fn spawn(&self, future: impl Future<Output = ()> + 'static) {
        let future = RefCell::new(Some(Box::pin(future) as _));
        let ready = Rc::clone(&self.ready);
        let task = Rc::new(Task {
            future,
            queued: Cell::new(false),
            ready,
        });
        Task::wake(&task);
    }

    /// Until no task can go on. Returns how many times one was resumed.
    pub fn run(&self) -> u64 {
        let mut resumed = 0;
        while let Some(task) = self.next() {
            task.resume();
            resumed += 1;
        }
        resumed
    }

    fn next(&self) -> Option<Rc<Task>> {
        self.ready.borrow_mut().pop_front()
    }
}

impl Task {
    fn wake(task: &Rc<Task>) {
        if !task.queued.replace(true) {
            task.ready.borrow_mut().push_back(Rc::clone(task));
        }
    }

    fn resume(self: &Rc<Task>) {
        self.queued.set(false);
        // the caller's reference is lent, so nobody may give it back
        let waker = ManuallyDrop::new(unsafe { Waker::from_raw(raw_waker(Rc::as_ptr(self))) });
        let mut slot = self.future.borrow_mut();
        if let Some(future) = slot.as_mut() {
            if future.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
                *slot = None;
            }
        }
    }
}

/// std's wakers may be sent to other threads, which an Rc must not. Nobody does so here: the executor, its tasks and
/// their wakers are of one thread.
static WAKER: RawWakerVTable = RawWakerVTable::new(
    |task| unsafe {
        Rc::increment_strong_count(task as *const Task);
        raw_waker(task as *const Task)
    },
    |task| Task::wake(&unsafe { Rc::from_raw(task as *const Task) }),
    |task| {
        Task::wake(&ManuallyDrop::new(unsafe {
            Rc::from_raw(task as *const Task)
        }))
    },
    |task| drop(unsafe { Rc::from_raw(task as *const Task) }),
);

fn raw_waker(task: *const Task) -> RawWaker {
    RawWaker::new(task as *const (), &WAKER)
}
