//! The parser of OpenMetrics, on anything, as laxly as a scrape reads it. See [`narthex_fuzz::exposition::check`].

#![no_main]

use libfuzzer_sys::fuzz_target;
use narthex_fuzz::exposition::check;
use scrape::parse::{Format, Options};

fuzz_target!(|body: &[u8]| {
    check(Format::OpenMetrics, body, Options::default());
    check(Format::OpenMetrics, body, Options { type_and_unit_labels: true, skip_created_series: true });
});
