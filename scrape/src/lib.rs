//! Exposition parsers, targets, scrape loops, discovery, and native collectors.

pub mod lint;
pub mod parse;
pub mod smack;
