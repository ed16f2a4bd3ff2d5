//! Remote read, the answering side: from the bytes of a request to queries, and from series to the bytes of an answer.
//!
//! [`decode_request`] takes snappy off and walks the protobuf. A reader says in which form it takes answers: [`SamplesAnswer`] is
//! one message with all samples, and [`ChunksAnswer`] a stream of frames, each with a few chunks of one series in Prometheus's
//! own encoding (`docs/format/remote_read.md`).
//!
//! Absent: the reading side.

mod bits;
mod chunks;
mod floats;
mod histograms;
mod request;
mod samples;
#[cfg(test)]
mod tests;

pub use chunks::ChunksAnswer;
pub use request::{
    AnswerKind, InvalidMatcher, NotAccepted, ReadHints, ReadMatcher, ReadQuery, ReadRequest, RequestError,
    decode_request,
};
pub use samples::SamplesAnswer;
