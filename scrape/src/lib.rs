//! Exposition parsers, targets, scrape loops, discovery, and native collectors.

pub mod parse;
pub mod smack;
