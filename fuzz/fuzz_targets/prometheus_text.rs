//! The parser of the Prometheus text format, on anything. See [`narthex_fuzz::exposition::check`].

#![no_main]

use libfuzzer_sys::fuzz_target;
use narthex_fuzz::exposition::check;
use scrape::parse::{Format, Options};

fuzz_target!(|body: &[u8]| {
    check(Format::PrometheusText, body, Options::default());
    check(Format::PrometheusText, body, Options { type_and_unit_labels: true, ..Options::default() });
});
