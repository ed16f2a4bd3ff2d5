//! Exposition parsers, targets, scrape loops, discovery, and native collectors.
//!
//! A [`Scraper`] runs pools, one for each scrape configuration; a pool runs a loop for each target that discovery finds.
//! What the loops are answered goes through the parsers to a store, of which nothing is known here but
//! [`model::storage::Append`].

pub mod config;
pub mod discovery;
pub mod fetch;
pub mod lint;
pub mod metrics;
pub mod parse;
pub mod pool;
pub mod protocol;
pub mod scrape_loop;
mod scraper;
pub mod smack;
pub mod target;

pub use scraper::Scraper;
