//! Remote write 1.0 and 2.0: from the bytes of a request to time series, and back.
//!
//! [`check_headers`] says which version a request has, [`decompress`] takes snappy off within a limit, and [`decode`]
//! (`prometheus.WriteRequest`) or [`decode_v2`] (`io.prometheus.write.v2.Request`) walks the protobuf without copying:
//! it hands out one [`TimeSeries`] after the other, whose names and values are slices of the request. All of it is walked before a
//! caller should store anything, so that nothing of a broken request is applied.
//!
//! The formats: <https://prometheus.io/docs/specs/prw/remote_write_spec/> and
//! <https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/>. [`encode`] and [`compress`] go the other way;
//! sending is the business of [`crate::remote_send`].

mod check;
mod content;
mod decode;
mod decode_v2;
mod encode;
mod histogram;
mod keys;
mod labels;
pub(crate) mod push;
mod snappy;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_v2;
mod visit;
pub(crate) mod wire;

pub use check::{HistogramFault, check_histogram};
pub use content::{ContentError, Version, check_headers};
pub use decode::decode;
pub use decode_v2::decode_v2;
pub(crate) use encode::push_histogram;
pub use encode::{Outgoing, OutgoingValue, compress, encode};
pub use keys::{LabelsKey, LabelsKeys};
pub use labels::LabelsFault;
pub use snappy::{MAX_DECODED_BYTES, SnappyError, decompress};
pub use visit::{DecodeLimits, Exemplar, HistogramSample, Metadata, RequestVisitor, Sample, TimeSeries};
pub use wire::DecodeError;
