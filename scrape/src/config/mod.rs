//! What configuration files say of scraping.
//!
//! A [`ScrapeConfig`] holds what was written. [`ScrapeConfig::check`] finds what is wrong with it by itself;
//! [`ScrapeConfig::fill`] takes what is missing from the global section ([`Inherited`]), after which nothing is left
//! open, and [`ScrapeConfig::check_filled`] finds what is wrong then. Discovery is typed for static and file targets;
//! the other kinds are read, checked as far as Prometheus's own cases ask for, and not built yet.

mod discovery;
mod inherited;
pub mod label_set;
mod schemes;
mod scrape_config;

#[cfg(test)]
mod tests;

pub use discovery::{Discovery, FileSdConfig, StaticConfig, check_address};
pub use inherited::Inherited;
pub use schemes::{check_escaping_scheme, check_protocols};
pub use scrape_config::ScrapeConfig;

/// Serde for an optional `metric_name_validation_scheme`.
pub use schemes::validation as validation_scheme;

/// Whether a value is its type's default, and need not be written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
