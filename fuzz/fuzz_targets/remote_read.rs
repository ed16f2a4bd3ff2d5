//! Remote read's body: once as it comes from the network, and once as the message within. What is read has matchers that can be
//! made, or says why not.

#![no_main]

use libfuzzer_sys::fuzz_target;
use net::remote_read::{RequestError, decode_request};
use net::remote_write::compress;

fn check(body: &[u8]) -> Result<(), RequestError> {
    let request = decode_request(body)?;
    assert!(request.queries.len() <= 1000);
    // An error is an answer.
    let _ = request.answer_kind();
    let matchers = request.queries.iter().flat_map(|query| &query.matchers).take(20);
    for matcher in matchers {
        if let Ok(matcher) = matcher.to_matcher() {
            let _ = matcher.matches("a");
        }
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let _ = check(bytes);
    if let Ok(body) = compress(bytes) {
        let outcome = check(&body);
        assert!(!matches!(outcome, Err(RequestError::Snappy(_))), "{outcome:?}");
    }
});
