//! Work that makes more work, shared by a few threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Items that are to be worked on, last in first out, so that few wait at a time.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    waiting: Vec<T>,
    busy: usize,
    stopped: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(first: T) -> Self {
        Queue { state: Mutex::new(State { waiting: vec![first], busy: 0, stopped: false }), changed: Condvar::new() }
    }

    /// The next item; `None` when all are done and none can come, or after [`Queue::stop`]. Every item taken must be
    /// followed by [`Queue::done`].
    pub(super) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(item) = state.waiting.pop() {
                state.busy += 1;
                return Some(item);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// One item is done, and made `more`, which is left empty.
    pub(super) fn done(&self, more: &mut Vec<T>) {
        let mut state = self.lock();
        state.busy -= 1;
        let wake = !more.is_empty() || state.busy == 0;
        state.waiting.append(more);
        drop(state);
        if wake {
            self.changed.notify_all();
        }
    }

    /// Nothing more is to be done.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
