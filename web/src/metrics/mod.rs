//! `/metrics`: what narthex says of itself, in the text format or in OpenMetrics, as the client asks.
//!
//! Every room counts in plain atomics of its own; here they get their names. [`Exposition`] knows how both formats are
//! written, `families` which series there are.

mod alertmanagers;
mod delivery;
mod exposition;
mod families;
mod http;
mod negotiate;
mod notifications;
mod process;
mod remote;
mod reports;
mod rules;
mod slo;

pub use exposition::{Exposition, Format, Kind, Names};
pub(crate) use families::write;
pub(crate) use http::HttpMetrics;
pub(crate) use negotiate::{negotiated, negotiated_names};
