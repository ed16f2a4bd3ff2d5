//! Remote write's body, of either version: once as it comes from the network, compressed, and once as the message within.
//! No limit may be exceeded, whatever the message claims, and a series that is known by its key has the labels that it had
//! when it was read.

#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use model::rng::SeededRng;
use net::remote_write::{
    DecodeLimits, LabelsKey, LabelsKeys, Metadata, RequestVisitor, TimeSeries, decode, decode_v2, decompress,
};

const MAX_BYTES: usize = 1 << 20;
const LIMITS: DecodeLimits =
    DecodeLimits { max_samples: 64, max_series: 16, max_symbols: 64, max_labels: 8, max_label_bytes: 32 };

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

/// Reads the labels of every series, and then those of series whose keys have not come before only.
struct Keyed {
    keys: LabelsKeys,
    trusts: bool,
    key: Option<LabelsKey>,
    /// The labels of a key.
    known: HashMap<LabelsKey, String>,
    lines: Vec<String>,
}

impl RequestVisitor for Keyed {
    fn keys(&self) -> Option<&LabelsKeys> {
        Some(&self.keys)
    }

    fn knows(&mut self, key: LabelsKey) -> bool {
        self.key = Some(key);
        self.trusts && self.known.contains_key(&key)
    }

    fn time_series(&mut self, series: &TimeSeries<'_>) {
        let labels = format!("{:?}", series.labels);
        let shown = match self.key.take() {
            Some(key) if series.fault.is_none() && self.trusts => self.known.get(&key).cloned().unwrap_or(labels),
            Some(key) if series.fault.is_none() => {
                let known = self.known.entry(key).or_insert_with(|| labels.clone());
                assert_eq!(*known, labels);
                labels
            }
            _ => labels,
        };
        self.lines.push(format!("{} {shown} {:?}", series.fault.is_some(), series.samples.len()));
    }
}

fn check(message: &[u8], decode: impl Fn(&[u8], &mut Keyed) -> bool) {
    let keys = LabelsKeys::new(&mut SeededRng::new(1));
    let mut keyed = Keyed { keys, trusts: false, key: None, known: HashMap::new(), lines: Vec::new() };
    let is_read = decode(message, &mut keyed);
    let lines = std::mem::take(&mut keyed.lines);
    keyed.trusts = true;
    assert_eq!(decode(message, &mut keyed), is_read);
    assert_eq!(keyed.lines, lines);
}

fn check_all(message: &[u8]) {
    // An error is an answer.
    let _ = decode(message, &LIMITS, &mut Counts::default());
    let _ = decode_v2(message, &LIMITS, &mut Counts::default());
    check(message, |message, visitor| decode(message, &LIMITS, visitor).is_ok());
    check(message, |message, visitor| decode_v2(message, &LIMITS, visitor).is_ok());
}

fuzz_target!(|bytes: &[u8]| {
    check_all(bytes);
    if let Ok(message) = decompress(bytes, MAX_BYTES) {
        assert!(message.len() <= MAX_BYTES);
        check_all(&message);
    }
});
