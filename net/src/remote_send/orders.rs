//! What a queue's thread is told.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

/// What the thread is told; later ones count more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    /// Go on.
    GoOn,
    /// Finish what is there.
    Finish,
    /// End at once.
    End,
}

/// The orders as the thread sees them, which waits for nothing without looking for them.
#[derive(Debug)]
pub(super) struct Orders {
    given: watch::Receiver<Order>,
    runtime: Handle,
}

impl Orders {
    pub(super) fn new(given: watch::Receiver<Order>, runtime: Handle) -> Orders {
        Orders { given, runtime }
    }

    /// The order in force. Whoever gave them and is gone wants an end.
    pub(super) fn now(&self) -> Order {
        if self.given.has_changed().is_err() { Order::End } else { *self.given.borrow() }
    }

    /// Waits, but no longer than until an order comes.
    pub(super) fn wait(&mut self, pause: Duration) {
        let Orders { given, runtime } = self;
        // Either way there is something to look at now.
        let _ = runtime.block_on(async { timeout(pause, given.wait_for(|order| *order > Order::GoOn)).await });
    }

    /// Waits for something; `None` where the order to end comes before.
    pub(super) fn unless_ended<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let Orders { given, runtime } = self;
        runtime.block_on(async {
            tokio::select! {
                done = future => Some(done),
                _ = given.wait_for(|order| *order == Order::End) => None,
            }
        })
    }

    /// The threads in which tasks run.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }
}
