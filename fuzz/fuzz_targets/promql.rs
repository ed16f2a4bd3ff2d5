//! PromQL parsed, printed and parsed again: the same tree, in one line and in many, whatever the text was.

#![no_main]

use libfuzzer_sys::fuzz_target;
use query::syntax::{Options, parse, parse_bytes, parse_selector, series};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        // An error is an answer.
        let _ = parse_selector(text);
        let _ = series::parse(text);
    }
    let Ok(expr) = parse_bytes(bytes, Options::all()) else { return };
    let text = expr.to_string();
    let again = parse(&text, Options::all()).unwrap_or_else(|errors| panic!("{text}: {errors}"));
    assert_eq!(again.to_string(), text);
    assert_eq!(again.to_json(), expr.to_json(), "{text}");
    let pretty = expr.pretty(20).expect("a short text is short in lines, too");
    let again = parse(&pretty, Options::all()).unwrap_or_else(|errors| panic!("{pretty}: {errors}"));
    assert_eq!(again.to_json(), expr.to_json(), "{pretty}");
});
