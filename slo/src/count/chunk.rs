//! A chunk of increments: bytes in memory, or on disk.

use std::borrow::Cow;
use std::fmt;

use super::bytes::{In, Out};
use super::events::{Events, Increment};
use super::group::{self, GROUP_LEN};

/// A chunk in memory takes increments up to so many: its head is as long as the increments of half a group.
pub(super) const HELD_LEN: u32 = 4 * GROUP_LEN as u32;

/// Where the bytes of chunks lie.
pub(super) trait Bodies: fmt::Debug {
    /// The bytes at a place; `None` where they are damaged.
    fn body(&self, place: Place) -> Option<Vec<u8>>;
}

/// A place in a file of chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the segment, and the run that wrote it.
    pub(super) segment: (u64, u32),
    pub(super) offset: u64,
    pub(super) n_bytes: u32,
    pub(super) crc: u32,
}

/// The bytes of a chunk.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Held(Box<[u8]>),
    Stored(Place),
}

/// Increments one behind the other, as bytes.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    /// The sum of all increments before the chunk.
    pub(super) before: Events,
    pub(super) n_increments: u32,
    pub(super) body: Body,
}

impl Chunk {
    /// `None` where they are damaged.
    pub(super) fn bytes(&self, bodies: &dyn Bodies) -> Option<Cow<'_, [u8]>> {
        match &self.body {
            Body::Held(bytes) => Some(Cow::Borrowed(bytes)),
            Body::Stored(place) => bodies.body(*place).map(Cow::Owned),
        }
    }

    /// Its increments. Where they are damaged their sum is still known, and stands at the last of their times.
    pub(super) fn increments(&self, after: Events, bodies: &dyn Bodies) -> Vec<Increment> {
        let read = self.bytes(bodies).and_then(|bytes| group::decode(&bytes));
        read.unwrap_or_else(|| vec![Increment { at_ms: self.last_ms, events: after - self.before }])
    }

    /// One in memory; `None` of nothing.
    pub(super) fn of(increments: &[Increment], before: Events) -> Option<Chunk> {
        let (first, last) = (increments.first()?, increments.last()?);
        let body = Body::Held(group::encode(increments).into());
        let n_increments = increments.len() as u32;
        Some(Chunk { first_ms: first.at_ms, last_ms: last.at_ms, before, n_increments, body })
    }

    /// Takes increments that come after its own, where it lies in memory and has room. Answers whether it did.
    pub(super) fn take(&mut self, increments: &[Increment]) -> bool {
        let n_increments = self.n_increments + increments.len() as u32;
        let (Body::Held(bytes), Some(last)) = (&mut self.body, increments.last()) else { return false };
        if n_increments > HELD_LEN {
            return false;
        }
        let more = group::encode(increments);
        let mut longer = Vec::with_capacity(bytes.len() + more.len());
        longer.extend_from_slice(bytes);
        longer.extend_from_slice(&more);
        *bytes = longer.into();
        (self.n_increments, self.last_ms) = (n_increments, last.at_ms);
        true
    }

    pub(super) fn is_stored(&self) -> bool {
        matches!(self.body, Body::Stored(_))
    }

    pub(super) fn write(&self, out: &mut Out) {
        out.i64(self.first_ms);
        out.i64(self.last_ms);
        self.before.write(out);
        out.u64(u64::from(self.n_increments));
        match &self.body {
            Body::Held(bytes) => {
                out.u64(0);
                out.bytes(bytes);
            }
            Body::Stored(place) => {
                out.u64(1);
                let (number, run) = place.segment;
                for number in [number, u64::from(run), place.offset, place.n_bytes.into(), place.crc.into()] {
                    out.u64(number);
                }
            }
        }
    }

    pub(super) fn read(input: &mut In<'_>) -> Option<Chunk> {
        let (first_ms, last_ms) = (input.i64()?, input.i64()?);
        let before = Events::read(input)?;
        let n_increments = u32::try_from(input.u64()?).ok()?;
        let body = match input.u64()? {
            0 => Body::Held(input.bytes()?.into()),
            _ => {
                let segment = (input.u64()?, u32::try_from(input.u64()?).ok()?);
                let offset = input.u64()?;
                let n_bytes = u32::try_from(input.u64()?).ok()?;
                Body::Stored(Place { segment, offset, n_bytes, crc: u32::try_from(input.u64()?).ok()? })
            }
        };
        Some(Chunk { first_ms, last_ms, before, n_increments, body })
    }
}
