//! Templates of rules and notifications: whatever is read is filled in within its limits, and nothing panics.

#![no_main]

use alerting::template::{Dialect, Host, Limits, Map, Mode, Sample, SampleValue, TEXT_MAP, Templates, Value};
use libfuzzer_sys::fuzz_target;

/// A world in which every query is answered by one sample.
struct Fixed;

impl Host for Fixed {
    fn now_ms(&self) -> i64 {
        1_353_755_652_000
    }

    fn external_url(&self) -> &str {
        "http://host/path"
    }

    fn query(&mut self, _: &str) -> Result<Vec<Sample>, String> {
        let labels = model::Labels::from_pairs([("instance", "a")]);
        Ok(vec![Sample { labels, value: SampleValue::Float(1.5) }])
    }
}

const LIMITS: Limits = Limits { output_bytes: 10_000, steps: 10_000, depth: 50, queries: 5 };

fuzz_target!(|text: &str| {
    for dialect in [Dialect::Prometheus, Dialect::Alertmanager] {
        let mut templates = Templates::new(dialect);
        if templates.add("t", text).is_err() {
            continue;
        }
        for mode in [Mode::Text, Mode::Html] {
            let data = Value::Map(Map::of_texts(&TEXT_MAP, [("a", "<b> {{.}} 'c'"), ("job", "node")]));
            if let Ok(made) = templates.execute("t", &data, &mut Fixed, mode, LIMITS) {
                assert!(made.len() <= LIMITS.output_bytes);
            }
        }
    }
});
