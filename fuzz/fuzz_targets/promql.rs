//! PromQL parsed, printed and parsed again: the same tree, in one line and in many, whatever the text was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use query::syntax::{Expr, MAX_TEXT_BYTES, Options, parse, parse_bytes, parse_selector, series};
use serde::Deserialize;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        // An error is an answer.
        let _ = parse_selector(text);
        let _ = series::parse(text);
    }
    let Ok(expr) = parse_bytes(bytes, Options::all()) else { return };
    let text = expr.to_string();
    // Two texts of Prometheus's that it reads otherwise: infinity has a sign, which before a power is one of the power, and
    // a number written as a duration loses a millisecond now and then (517762ms is printed as 8m37s761ms).
    if text.contains("+Inf ^") || text.contains("ms") {
        return;
    }
    let again = parse(&text, Options::all()).unwrap_or_else(|errors| panic!("{text}: {errors}"));
    assert_eq!(again.to_string(), text);
    assert_eq!(tree(&again), tree(&expr), "{text}");
    // A chain is indented by as many levels as it has terms, and may become too long to be shown, or to be read again.
    let Ok(pretty) = expr.pretty(20) else { return };
    if pretty.len() > MAX_TEXT_BYTES {
        return;
    }
    let again = parse(&pretty, Options::all()).unwrap_or_else(|errors| panic!("{pretty}: {errors}"));
    assert_eq!(tree(&again), tree(&expr), "{pretty}");
});

/// The tree of an expression without what printing does not keep, such as the order of matchers. A chain of operators makes
/// it as deep as the text is long.
fn tree(expr: &Expr) -> Value {
    let json = expr.to_json();
    let mut deserializer = serde_json::Deserializer::from_str(&json);
    deserializer.disable_recursion_limit();
    let mut tree = Value::deserialize(&mut deserializer).expect("the tree is JSON");
    settle(&mut tree);
    tree
}

fn settle(tree: &mut Value) {
    match tree {
        Value::Object(fields) => {
            if let Some(Value::Array(matchers)) = fields.get_mut("matchers") {
                matchers.sort_by_cached_key(Value::to_string);
            }
            // As in Prometheus, `-0h` is printed as `0s`.
            if fields.get("val").is_some_and(|value| value == "-0") {
                fields.insert("val".to_owned(), Value::from("0"));
            }
            fields.values_mut().for_each(settle);
        }
        Value::Array(elements) => elements.iter_mut().for_each(settle),
        _ => {}
    }
}
