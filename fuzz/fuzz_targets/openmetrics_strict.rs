//! The judge of OpenMetrics, on anything: what it accepts the lax parser accepts, and what it refuses has a place in the
//! body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scrape::parse::{Format, Options, Parser, strict};

fuzz_target!(|body: &[u8]| match strict::check(body) {
    Ok(()) => {
        let mut parser = Parser::new(Format::OpenMetrics, body, Options::default());
        while parser.next().expect("the lax parser takes what the strict one takes").is_some() {
            parser.labels().expect("labels are legal");
        }
    }
    Err(violation) => {
        let n_lines = 1 + body.iter().filter(|byte| **byte == b'\n').count();
        assert!((1..=n_lines).contains(&violation.line_number), "{violation}");
    }
});
