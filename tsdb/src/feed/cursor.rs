//! A place in the log that moves on with it.

use std::fmt;
use std::sync::Arc;

use journal::{Tail, TailError};
use model::Labels;
use model::storage::{FeedCursor, FeedError, FeedPosition, FeedRow, HistogramValue, SeriesRef};
use rustc_hash::FxHashSet;

use super::names::{Names, RestoredRun};
use crate::head::Head;
use crate::store::Store;
use crate::wal::Wal;
use crate::wal::decode::{Decoder, Visitor};
use crate::wal::record::{BATCH, Row};

/// Hands out committed batches.
#[derive(Debug)]
pub(super) struct Cursor {
    head: Arc<Head>,
    wal: Arc<Wal>,
    restored: Option<RestoredRun>,
    tail: Tail,
    /// What comes before has been handed out by an earlier cursor, and is read only because later records lean on it.
    from: FeedPosition,
    position: FeedPosition,
    run: Option<Run>,
    /// The newest numbering of series.
    numbering: u32,
    is_named_once: bool,
    leaves_out_derived: bool,
    n_lost: u64,
}

/// What is known of the run of the process whose records are being read.
#[derive(Debug)]
struct Run {
    names: Names,
    decoder: Decoder,
    /// Scrapes that the decoder could not read, and that were counted.
    n_skipped: u64,
}

impl Cursor {
    pub(super) fn new(store: &Store, from: FeedPosition) -> Result<Cursor, FeedError> {
        let (head, wal, restored) = (Arc::clone(&store.head), Arc::clone(&store.wal), store.restored.clone());
        let start = first_segment(&wal, from)?;
        let tail = wal.tail(start);
        Ok(Cursor {
            head,
            wal,
            restored,
            tail,
            from,
            position: from,
            run: None,
            numbering: 0,
            is_named_once: false,
            leaves_out_derived: false,
            n_lost: 0,
        })
    }
}

/// The segment with which to begin, so that what comes behind a position can be decoded.
fn first_segment(wal: &Wal, from: FeedPosition) -> Result<u64, FeedError> {
    let segments = wal.segments().map_err(|error| FeedError::Unreadable(error.to_string()))?;
    let (newest, _) = wal.newest();
    let Some(at) = segments.iter().position(|segment| segment.number >= from.segment) else {
        // After a power cut even the segment itself may be gone; whatever comes next is new.
        return Ok(from.segment.min(newest.number));
    };
    let found = segments[at];
    if found.number > from.segment {
        let is_first = from.segment == 0;
        return if is_first || at > 0 { Ok(found.number) } else { Err(FeedError::Gone(from)) };
    }
    // In an orderly segment the first scrape of each source is whole; in one that was begun because the disk failed it may
    // lean on the segment before.
    let before = at.checked_sub(1).map(|before| segments[before]).filter(|before| before.salt == found.salt);
    Ok(before.map_or(found.number, |before| before.number))
}

impl FeedCursor for Cursor {
    fn next_batch(&mut self, take: &mut dyn FnMut(FeedRow<'_>)) -> Result<bool, FeedError> {
        let unreadable = |error: &dyn fmt::Display| FeedError::Unreadable(error.to_string());
        loop {
            let record = match self.tail.next_record() {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(false),
                Err(TailError::Gone(_)) => return Err(FeedError::Gone(self.position)),
                Err(TailError::Read(error)) => return Err(unreadable(&error)),
            };
            let place = FeedPosition { segment: record.segment.number, offset: record.end, run: record.segment.salt };
            let is_old = is_before(place, self.from);
            let run = match self.run.take().filter(|run| run.names.salt() == place.run) {
                Some(run) => self.run.insert(run),
                None => {
                    let (head, wal) = (Arc::clone(&self.head), Arc::clone(&self.wal));
                    self.numbering = self.numbering.wrapping_add(1);
                    let mut names = Names::new(head, wal, self.restored.clone(), (place.run, self.numbering));
                    if self.is_named_once {
                        names.name_once();
                    }
                    let decoder = match self.leaves_out_derived {
                        true => Decoder::without_derived(),
                        false => Decoder::default(),
                    };
                    self.run.insert(Run { names, decoder, n_skipped: 0 })
                }
            };
            run.names.prepare().map_err(|error| unreadable(&error))?;
            self.numbering = run.names.numbering();
            if record.kind == BATCH {
                let mut out = HandingOut { names: &mut run.names, take: (!is_old).then_some(&mut *take), n_lost: 0 };
                let is_whole = run.decoder.decode(record.payload, &mut out).is_ok();
                let n_skipped = run.decoder.n_skipped();
                if !is_old {
                    self.n_lost += out.n_lost + u64::from(!is_whole) + (n_skipped - run.n_skipped);
                }
                run.n_skipped = n_skipped;
            }
            if !is_old {
                self.position = place;
                return Ok(true);
            }
        }
    }

    fn name_once(&mut self) {
        self.is_named_once = true;
        if let Some(run) = &mut self.run {
            run.names.name_once();
            self.numbering = run.names.numbering();
        }
    }

    fn leave_out_derived(&mut self) {
        self.leaves_out_derived = true;
    }

    fn position(&self) -> FeedPosition {
        self.position
    }

    fn n_lost(&self) -> u64 {
        self.n_lost + self.tail.n_damaged()
    }
}

/// Whether a record that ends at `end` stands before a position. A segment that only has the same number does not.
fn is_before(end: FeedPosition, position: FeedPosition) -> bool {
    end.segment < position.segment
        || (end.segment == position.segment && end.run == position.run && end.offset <= position.offset)
}

/// Gives the rows of a record their labels and hands them out.
struct HandingOut<'a, 't> {
    names: &'a mut Names,
    /// `None` for what has been handed out before.
    take: Option<&'a mut (dyn FnMut(FeedRow<'_>) + 't)>,
    n_lost: u64,
}

impl Visitor for HandingOut<'_, '_> {
    fn series(&mut self, _placement: u32, reference: SeriesRef, labels: &Labels) {
        self.names.define(reference, labels);
    }

    fn samples(&mut self, rows: &[Row], starts: &[i64]) {
        let Some(take) = &mut self.take else { return };
        // A batch may have named a series twice; the second of two samples at one time was refused when it was applied.
        let mut seen = (!rows.is_sorted_by_key(|row| row.series)
            || rows.windows(2).any(|pair| pair[0].series == pair[1].series))
        .then(FxHashSet::default);
        for (at, row) in rows.iter().enumerate() {
            if seen.as_mut().is_some_and(|seen| !seen.insert((row.series, row.timestamp_ms))) {
                continue;
            }
            match self.names.of(row.series) {
                Some((number, labels)) => {
                    let Row { timestamp_ms, bits, .. } = *row;
                    let start_ms = starts.get(at).copied().unwrap_or(0);
                    take(FeedRow::Float { number, labels, timestamp_ms, start_ms, value: f64::from_bits(bits) });
                }
                None => self.n_lost += 1,
            }
        }
    }

    fn histogram(&mut self, reference: SeriesRef, timestamp_ms: i64, start_ms: i64, value: HistogramValue) {
        let Some(take) = &mut self.take else { return };
        match self.names.of(reference) {
            Some((number, labels)) => {
                take(FeedRow::Histogram { number, labels, timestamp_ms, start_ms, value: &value });
            }
            None => self.n_lost += 1,
        }
    }
}
