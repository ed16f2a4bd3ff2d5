//! A Mesos snapshot, on anything: what is read has a series with a legal name, and the same one when read again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use model::name;
use scrape::smack::mesos::{Snapshot, series};

fuzz_target!(|body: &[u8]| {
    let Ok(snapshot) = Snapshot::parse(body) else { return };
    for (key, _) in &snapshot.metrics {
        let of_key = series(key);
        assert!(name::is_legacy_metric_name(of_key.labels.metric_name()), "{key:?}: {}", of_key.labels);
        assert!(of_key.labels.metric_name().starts_with("mesos_"), "{key:?}: {}", of_key.labels);
        assert_eq!(of_key, series(key));
    }
    assert_eq!(Snapshot::parse(body).map(|again| again.metrics.len()), Ok(snapshot.metrics.len()));
});
