//! What conditions say, for those who read no formulas.

use serde_json::{Map, Value};
use slo::condition;
use slo::report::Language;

/// The sentence of each text that is a condition, or one with what its facts were; one that is clearer as a formula has none.
pub(super) fn in_words<'t>(texts: impl IntoIterator<Item = &'t str>, language: Language) -> Map<String, Value> {
    let told = |text: &str| Some((text.to_owned(), Value::from(condition::in_words(text, language)?)));
    texts.into_iter().filter_map(told).collect()
}
