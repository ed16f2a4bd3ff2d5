//! What native histograms say of counter resets.
//!
//! It is worked out while they are read: each is compared with the one handed out before it, because what came before it once
//! may be deleted by now or stand in another block. What was said of a histogram when it came counts where counts cannot show
//! it: that it is a gauge, or that there was a reset. As in Prometheus, nobody is told that there was a reset, only that
//! there was none; where nothing is known, whoever reads compares.

use model::histogram::ResetHint;
use model::storage::{HistogramValue, Tile};

/// Works it out for one series after the other.
#[derive(Debug, Default)]
pub(super) struct Resets {
    before: Option<HistogramValue>,
}

impl Resets {
    /// Goes to another series; `before` comes before the first that will be handed out.
    pub(super) fn begin(&mut self, before: Option<HistogramValue>) {
        self.before = before;
    }

    /// Says it of the histograms of a tile, which follows the last one.
    pub(super) fn tell(&mut self, tile: &mut Tile) {
        let mut before = self.before.take();
        for value in &mut tile.histograms {
            value.set_reset_hint(hint(before.as_ref(), value));
            before = Some(value.clone());
        }
        self.before = before.filter(|_| !tile.histograms.is_empty());
    }
}

fn hint(before: Option<&HistogramValue>, value: &HistogramValue) -> ResetHint {
    match before {
        _ if value.is_stale() => ResetHint::Unknown,
        _ if value.reset_hint() == ResetHint::Gauge => ResetHint::Gauge,
        Some(before) if value.counts_on_from(before) => ResetHint::NotReset,
        _ => ResetHint::Unknown,
    }
}
