//! Whatever labels and annotations say, each kind of receiver is sent one message of its form; and whatever stands in
//! `alertmanager.yml`, reading it finds mistakes with places or makes what can be put into force.

use model::yaml::Document;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::fixture::{ALERTMANAGERS, OURS, alert, attempt, notification, receiver};
use super::peer::well;
use super::sink::Sink;
use crate::Reason;
use crate::config::{AlertmanagerConfig, Loaded};

/// Pieces of which labels are made.
const PIECES: [&str; 24] = [
    "{{", "}}", ".", "|", "<", ">", "&", "\"", "'", "\\", "[", "](", ")", "@all", "\n", "\r", "\u{0}", "\u{2028}",
    "中", "%", "a", " ", "http://", "#",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES.as_slice()), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_labels_are_told(name in text(), job in text(), key in "[a-z]{1,4}", value in text(), said in text(), is_over: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut sink = Sink::start(well).await;
            let labels = [("alertname", name.as_str()), ("job", &job), (&key, &value)];
            let end = is_over.then_some(super::fixture::START_MS + 1);
            let alerts = vec![alert(&labels, &[("summary", &said), (&value, &said)], end)];
            for receiver in [receiver(ALERTMANAGERS, &sink.address), receiver(OURS, &sink.address)] {
                for (integration, _, config) in receiver.integrations() {
                    let told = notification(&integration, alerts.clone(), Reason::First);
                    let sent = attempt(config, &told).await;
                    assert!(sent.is_ok(), "{integration}: {sent:?}");
                }
            }
            for asked in sink.drain() {
                assert!(asked.body.is_empty() || serde_json::from_str::<Json>(&asked.body).is_ok(), "{asked:?}");
            }
        });
    }
}

/// A file that is good.
const FILE: &str = include_str!("../../../../fuzz/seeds/alertmanager_yaml/all.yml");

/// What `fuzz/fuzz_targets/alertmanager_yaml.rs` asserts.
fn check_file(text: &str) -> bool {
    let config = match AlertmanagerConfig::read(text) {
        Ok(config) => config,
        Err(problems) => {
            let in_text = |start: usize, end: usize| start <= end && end <= text.len();
            assert!(problems.iter().all(|problem| in_text(problem.span.start, problem.span.end)), "{problems:?}");
            assert!(!problems.is_empty());
            return false;
        }
    };
    for written in [config.to_yaml(), config.for_alertmanager().to_yaml()] {
        assert!(Document::parse(&written).is_ok(), "{written}");
    }
    assert!(Loaded::new(config, Vec::new()).is_ok());
    true
}

#[test]
fn the_file_is_good() {
    let problems = AlertmanagerConfig::read(FILE).err();
    assert!(problems.is_none(), "{problems:?}");
    assert!(check_file(FILE));
}

proptest! {
    #[test]
    fn any_file_is_read(at in 0..FILE.len(), n in 0usize..40, put in "[a-z0-9{}\\[\\]:,'\" \n*&!|>-]{0,8}") {
        let (start, end) = (FILE.floor_char_boundary(at), FILE.floor_char_boundary((at + n).min(FILE.len())));
        check_file(&format!("{}{put}{}", &FILE[..start], &FILE[end.max(start)..]));
    }
}
