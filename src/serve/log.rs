//! The log: on standard error, as logfmt or JSON.

use std::io;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

use crate::cli::flags::Flags;

/// Begins to log as the flags say.
pub(super) fn start(flags: &Flags) {
    let level = match flags.text("log.level") {
        "debug" => LevelFilter::DEBUG,
        "warn" => LevelFilter::WARN,
        "error" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    };
    let layer = match flags.text("log.format") {
        "json" => tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(io::stderr).boxed(),
        _ => tracing_logfmt::builder().layer().with_writer(io::stderr).boxed(),
    };
    registry().with(layer.with_filter(level)).init();
}
