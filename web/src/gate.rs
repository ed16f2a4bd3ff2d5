//! How many may work at the same time, and how long others wait for their turn.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Those that wait at a time, for each that works; more are turned away at once.
const MAX_WAITING_PER_PLACE: usize = 16;

/// Lets a number in at a time.
#[derive(Debug)]
pub(crate) struct Gate {
    n_places: usize,
    working: Arc<Semaphore>,
    waiting: Semaphore,
}

/// There was no turn in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoTurn;

impl Gate {
    pub(crate) fn new(n_places: usize) -> Gate {
        let n_places = n_places.max(1);
        let waiting = Semaphore::new(n_places.saturating_mul(MAX_WAITING_PER_PLACE).min(Semaphore::MAX_PERMITS));
        Gate { n_places, working: Arc::new(Semaphore::new(n_places.min(Semaphore::MAX_PERMITS))), waiting }
    }

    /// Waits for a place, which is given back when the answer is dropped.
    pub(crate) async fn enter(&self, patience: Duration) -> Result<OwnedSemaphorePermit, NoTurn> {
        if let Ok(place) = Arc::clone(&self.working).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = self.waiting.try_acquire().map_err(|_| NoTurn)?;
        match timeout(patience, Arc::clone(&self.working).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(NoTurn),
        }
    }

    /// How many there are in all.
    pub(crate) fn n_places(&self) -> usize {
        self.n_places
    }

    /// How many are at work.
    pub(crate) fn n_working(&self) -> usize {
        self.n_places.saturating_sub(self.working.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns() {
        let gate = Gate::new(1);
        let patience = Duration::from_secs(10);
        let first = gate.enter(patience).await.unwrap();
        assert_eq!((gate.n_places(), gate.n_working()), (1, 1));
        assert_eq!(gate.enter(patience).await.unwrap_err(), NoTurn);
        let (second, ()) = tokio::join!(gate.enter(patience), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(first);
        });
        assert!(second.is_ok());
        drop(second);
        assert_eq!(gate.n_working(), 0);
    }
}
