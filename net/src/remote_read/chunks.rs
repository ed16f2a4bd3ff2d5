//! An answer of chunks: frames of `prometheus.ChunkedReadResponse`, each the length as a varint, the CRC-32C of the message with
//! its highest byte first, and the message, which holds some chunks of one series.

use std::io::{self, Write};

use model::Labels;
use model::histogram::ResetHint;
use model::storage::HistogramValue;

use super::samples::push_labels;
use super::{floats, histograms};
use crate::remote_write::push::{push_bytes, push_message, push_number, push_varint};

/// Samples of one chunk, as many as in Prometheus.
const CHUNK_SAMPLES: usize = 120;

/// An answer that is written while it is made: series after series, query after query.
#[derive(Debug)]
pub struct ChunksAnswer<W> {
    out: W,
    /// Bytes of labels and chunks of one frame, but for the last chunk.
    max_frame_bytes: usize,
    query: u64,
    labels: Vec<u8>,
    n_label_bytes: usize,
    chunks: Vec<u8>,
    scratch: Vec<u8>,
    pending: Pending,
}

/// Samples that are no chunk yet: floats, or histograms of one kind.
#[derive(Debug, Default)]
struct Pending {
    timestamps: Vec<i64>,
    floats: Vec<f64>,
    histograms: Vec<HistogramValue>,
    /// What is said of the first histogram.
    hint: ResetHint,
}

impl<W: Write> ChunksAnswer<W> {
    /// An answer to no query yet, with frames of about so many bytes.
    pub fn new(out: W, max_frame_bytes: usize) -> ChunksAnswer<W> {
        ChunksAnswer {
            out,
            max_frame_bytes,
            query: 0,
            labels: Vec::new(),
            n_label_bytes: 0,
            chunks: Vec::new(),
            scratch: Vec::new(),
            pending: Pending::default(),
        }
    }

    /// Begins a series of the answer to the query with this number. Those of one query must come sorted.
    pub fn begin_series(&mut self, query: usize, labels: &Labels) {
        self.query = query as u64;
        self.labels.clear();
        push_labels(&mut self.labels, &mut self.scratch, labels);
        // The field's number and length stand before each.
        self.n_label_bytes = self.labels.len().saturating_sub(2 * labels.iter().count());
    }

    /// Adds floats to the series.
    ///
    /// # Errors
    /// When a frame cannot be written.
    pub fn floats(&mut self, timestamps: &[i64], values: &[f64]) -> io::Result<()> {
        if !self.pending.histograms.is_empty() {
            self.end_chunk()?;
        }
        for (&timestamp_ms, &value) in timestamps.iter().zip(values) {
            if self.pending.floats.len() >= CHUNK_SAMPLES {
                self.end_chunk()?;
            }
            self.pending.timestamps.push(timestamp_ms);
            self.pending.floats.push(value);
        }
        Ok(())
    }

    /// Adds native histograms to the series.
    ///
    /// # Errors
    /// When a frame cannot be written.
    pub fn histograms(&mut self, timestamps: &[i64], values: &[HistogramValue]) -> io::Result<()> {
        if !self.pending.floats.is_empty() {
            self.end_chunk()?;
        }
        for (&timestamp_ms, value) in timestamps.iter().zip(values) {
            match self.pending.histograms.last().map(|before| histograms::follows(before, value)) {
                None => self.pending.hint = value.reset_hint(),
                Some(Err(hint)) => {
                    self.end_chunk()?;
                    self.pending.hint = hint;
                }
                Some(Ok(())) if self.pending.histograms.len() >= CHUNK_SAMPLES => {
                    self.end_chunk()?;
                    let is_gauge = value.reset_hint() == ResetHint::Gauge;
                    self.pending.hint = if is_gauge { ResetHint::Gauge } else { ResetHint::NotReset };
                }
                Some(Ok(())) => {}
            }
            self.pending.timestamps.push(timestamp_ms);
            self.pending.histograms.push(value.clone());
        }
        Ok(())
    }

    /// Adds a chunk without samples, where only the labels are wanted.
    ///
    /// # Errors
    /// When a frame cannot be written.
    pub fn no_samples(&mut self, start_ms: i64, end_ms: i64) -> io::Result<()> {
        self.push_chunk([start_ms, end_ms], floats::XOR, &floats::encode(&[], &[]))
    }

    /// Ends the series.
    ///
    /// # Errors
    /// When a frame cannot be written.
    pub fn end_series(&mut self) -> io::Result<()> {
        self.end_chunk()?;
        if self.chunks.is_empty() { Ok(()) } else { self.end_frame() }
    }

    /// What was written to.
    #[cfg(test)]
    pub(super) fn into_inner(self) -> W {
        self.out
    }

    fn end_chunk(&mut self) -> io::Result<()> {
        let Pending { timestamps, floats, histograms, hint } = std::mem::take(&mut self.pending);
        let Some((&first_ms, &last_ms)) = timestamps.first().zip(timestamps.last()) else { return Ok(()) };
        let (kind, data) = if histograms.is_empty() {
            (floats::XOR, floats::encode(&timestamps, &floats))
        } else {
            histograms::encode(hint, &timestamps, &histograms)
        };
        self.push_chunk([first_ms, last_ms], kind, &data)
    }

    fn push_chunk(&mut self, [first_ms, last_ms]: [i64; 2], kind: u64, data: &[u8]) -> io::Result<()> {
        push_message(&mut self.chunks, 2, &mut self.scratch, |out| {
            push_number(out, 1, first_ms as u64);
            push_number(out, 2, last_ms as u64);
            push_number(out, 3, kind);
            push_bytes(out, 4, data);
        });
        if self.n_label_bytes + self.chunks.len() >= self.max_frame_bytes { self.end_frame() } else { Ok(()) }
    }

    fn end_frame(&mut self) -> io::Result<()> {
        let mut message = Vec::with_capacity(self.labels.len() + self.chunks.len() + 16);
        push_varint(&mut message, 1 << 3 | 2);
        push_varint(&mut message, (self.labels.len() + self.chunks.len()) as u64);
        message.extend_from_slice(&self.labels);
        message.append(&mut self.chunks);
        push_number(&mut message, 2, self.query);
        let mut head = Vec::with_capacity(16);
        push_varint(&mut head, message.len() as u64);
        head.extend_from_slice(&crc32c::crc32c(&message).to_be_bytes());
        self.out.write_all(&head)?;
        self.out.write_all(&message)
    }
}
