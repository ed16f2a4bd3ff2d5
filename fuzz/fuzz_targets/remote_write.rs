//! Remote write's body: once as it comes from the network, compressed, and once as the message within. No limit may be
//! exceeded, whatever the message claims.

#![no_main]

use libfuzzer_sys::fuzz_target;
use net::remote_write::{DecodeLimits, Metadata, RequestVisitor, TimeSeries, decode, decompress};

const MAX_BYTES: usize = 1 << 20;
const LIMITS: DecodeLimits = DecodeLimits { max_samples: 64, max_series: 16, max_labels: 8, max_label_bytes: 32 };

#[derive(Default)]
struct Counts {
    n_series: usize,
    n_samples: usize,
}

impl RequestVisitor for Counts {
    fn time_series(&mut self, series: &TimeSeries<'_>) {
        self.n_series += 1;
        self.n_samples += series.samples.len() + series.histograms.len() + series.exemplars.len();
        assert!(self.n_series <= LIMITS.max_series && self.n_samples <= LIMITS.max_samples);
        assert!(series.labels.len() <= LIMITS.max_labels);
        if series.fault.is_none() {
            assert!(series.labels.windows(2).all(|pair| pair[0].0 < pair[1].0), "{:?}", series.labels);
            assert!(series.labels.iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
        }
    }

    fn metadata(&mut self, metadata: Metadata<'_>) {
        assert!(!metadata.kind.is_empty());
    }
}

fuzz_target!(|bytes: &[u8]| {
    // An error is an answer.
    let _ = decode(bytes, &LIMITS, &mut Counts::default());
    if let Ok(message) = decompress(bytes, MAX_BYTES) {
        assert!(message.len() <= MAX_BYTES);
        let _ = decode(&message, &LIMITS, &mut Counts::default());
    }
});
