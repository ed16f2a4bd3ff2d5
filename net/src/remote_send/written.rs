//! How many samples of each kind a receiver has taken.

use http::HeaderMap;

use super::prepare::{Row, RowValue};

/// Samples taken, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) n_samples: u64,
    pub(super) n_histograms: u64,
}

impl Written {
    /// All of these.
    pub(super) fn all(rows: &[Row]) -> Written {
        let n_histograms = rows.iter().filter(|row| matches!(row.value, RowValue::Histogram(_))).count() as u64;
        Written { n_samples: rows.len() as u64 - n_histograms, n_histograms }
    }

    /// What the headers of version 2.0 say; `None` where they say nothing.
    pub(super) fn in_headers(headers: &HeaderMap) -> Option<Written> {
        let number = |name: &str| {
            let text = headers.get(format!("x-prometheus-remote-write-{name}-written"))?;
            text.to_str().ok()?.trim().parse::<u64>().ok()
        };
        let (n_samples, n_histograms) = (number("samples"), number("histograms"));
        let says_something = n_samples.is_some() || n_histograms.is_some();
        let written = Written { n_samples: n_samples.unwrap_or(0), n_histograms: n_histograms.unwrap_or(0) };
        says_something.then_some(written)
    }

    /// What is left of it.
    pub(super) fn without(self, other: Written) -> Written {
        Written {
            n_samples: self.n_samples.saturating_sub(other.n_samples),
            n_histograms: self.n_histograms.saturating_sub(other.n_histograms),
        }
    }

    pub(super) fn sum(self) -> u64 {
        self.n_samples + self.n_histograms
    }

    pub(super) fn is_nothing(self) -> bool {
        self.sum() == 0
    }
}
