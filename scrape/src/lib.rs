//! Exposition parsers, targets, scrape loops, discovery, and native collectors.

pub mod config;
pub mod fetch;
pub mod lint;
pub mod metrics;
pub mod parse;
pub mod protocol;
pub mod scrape_loop;
pub mod smack;
