//! Remote write 1.0, the receiving side: from the bytes of a request to time series.
//!
//! [`check_headers`] says whether a request is of the kind that is read here, [`decompress`] takes snappy off within a
//! limit, and [`decode`] walks the protobuf (`prometheus.WriteRequest`) without copying: it hands out one
//! [`TimeSeries`] after the other, whose names and values are slices of the request. All of it is walked before a
//! caller should store anything, so that nothing of a broken request is applied.
//!
//! The format: <https://prometheus.io/docs/specs/prw/remote_write_spec/>. Absent: version 2, and sending.

mod content;
mod decode;
mod histogram;
mod keys;
mod labels;
mod snappy;
#[cfg(test)]
mod tests;
mod visit;
mod wire;

pub use content::{ContentError, check_headers};
pub use decode::decode;
pub use keys::{LabelsKey, LabelsKeys};
pub use labels::LabelsFault;
pub use snappy::{MAX_DECODED_BYTES, SnappyError, decompress};
pub use visit::{DecodeLimits, Exemplar, HistogramSample, Metadata, RequestVisitor, Sample, TimeSeries};
pub use wire::DecodeError;
