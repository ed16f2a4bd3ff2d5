//! Chunks of floats: XOR, which every version writes, and XOR2 of 3.14, whose control bits speak of time and value at once.
//!
//! Facts from Prometheus's `tsdb/docs/format/chunks.md` and the comment on XOR2's bits.

use model::sample::STALE_BITS;

use super::Malformed;
use super::bits::{BitReader, Window, lopsided, twos_complement};

/// The count of samples.
const HEADER_LEN: usize = 2;
/// XOR2: the time from which a series counts stands before the second sample.
const FIRST_START: u8 = 0x80;
/// XOR2: the sample from which on each has such a time; 0 for none.
const STARTS_FROM: u8 = 0x7f;

/// Hands out the samples of an XOR chunk as (time in milliseconds, bits). Those before an error have been handed out.
pub(super) fn read_xor(chunk: &[u8], take: &mut dyn FnMut(i64, u64)) -> Result<(), Malformed> {
    let (header, rest) = chunk.split_first_chunk::<HEADER_LEN>().ok_or(Malformed::Cut)?;
    let mut bits = BitReader::new(rest);
    let (mut time_ms, mut delta_ms, mut value) = (0i64, 0i64, 0);
    let mut window = Window::default();
    for i in 0..u16::from_be_bytes(*header) {
        match i {
            0 => (time_ms, value) = (bits.signed()?, bits.bits(64)?),
            1 => delta_ms = bits.unsigned()? as i64,
            _ => delta_ms = delta_ms.wrapping_add(change_of_delta(&mut bits)?),
        }
        if i > 0 {
            time_ms = time_ms.wrapping_add(delta_ms);
            value = window.next(value, &mut bits)?;
        }
        take(time_ms, value);
    }
    Ok(())
}

fn change_of_delta(bits: &mut BitReader<'_>) -> Result<i64, Malformed> {
    let width = [0, 14, 17, 20, 64][bits.ones(4)? as usize];
    Ok(lopsided(bits.bits(width)?, width))
}

/// Hands out the samples of an XOR2 chunk as (time in milliseconds, start, bits); the start is 0 where it is not known.
pub(super) fn read_xor2(chunk: &[u8], take: &mut dyn FnMut(i64, i64, u64)) -> Result<(), Malformed> {
    let (header, rest) = chunk.split_first_chunk::<{ HEADER_LEN + 1 }>().ok_or(Malformed::Cut)?;
    let [high, low, starts] = *header;
    let mut reader = Xor2 { bits: BitReader::new(rest), window: Window::default(), baseline: 0 };
    let (mut time_ms, mut delta_ms) = (0i64, 0i64);
    let mut starts = ChunkStarts::new(starts);
    for i in 0..u16::from_be_bytes([high, low]) {
        let before_ms = time_ms;
        let value = match i {
            0 => {
                time_ms = reader.bits.signed()?;
                let value = reader.bits.bits(64)?;
                reader.noted(value)
            }
            1 => {
                delta_ms = reader.bits.unsigned()? as i64;
                reader.value()?
            }
            _ => reader.joint(&mut delta_ms)?,
        };
        if i > 0 {
            time_ms = time_ms.wrapping_add(delta_ms);
        }
        let start_ms = starts.next(i, time_ms, before_ms, &mut reader.bits)?;
        take(time_ms, start_ms, value);
    }
    Ok(())
}

/// The times since which the samples of a chunk count.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChunkStarts {
    /// The chunk's byte about them: whether the first sample has one, and from which on each is told; 0 for none.
    header: u8,
    start_ms: i64,
    /// How far it lies before the time of the sample before.
    lag_ms: i64,
}

impl ChunkStarts {
    pub(super) fn new(header: u8) -> ChunkStarts {
        ChunkStarts { header, start_ms: 0, lag_ms: 0 }
    }

    /// That of the `i`th sample, 0 where it is not known; time and value of the sample have been read.
    pub(super) fn next(
        &mut self,
        i: u16,
        time_ms: i64,
        before_ms: i64,
        bits: &mut BitReader<'_>,
    ) -> Result<i64, Malformed> {
        let from = u16::from(self.header & STARTS_FROM);
        match i {
            0 if self.header & FIRST_START != 0 => self.start_ms = time_ms.wrapping_sub(bits.signed()?),
            1.. if from > 0 && i >= from => {
                self.lag_ms = self.lag_ms.wrapping_add(bits.varbit()?);
                self.start_ms = before_ms.wrapping_sub(self.lag_ms);
            }
            _ => {}
        }
        Ok(self.start_ms)
    }
}

struct Xor2<'a> {
    bits: BitReader<'a>,
    window: Window,
    /// The last value that was no stale marker: the next one is told by how it differs from this.
    baseline: u64,
}

impl Xor2<'_> {
    /// Time and value of the third sample and those after it.
    fn joint(&mut self, delta_ms: &mut i64) -> Result<u64, Malformed> {
        let width = match self.bits.ones(5)? {
            0 => return Ok(self.baseline),
            1 => {
                if self.bits.bit()? {
                    self.window = Window::read(&mut self.bits)?;
                }
                return self.changed();
            }
            2 => 13,
            3 => 20,
            4 => 64,
            _ => return Ok(STALE_BITS),
        };
        let change = twos_complement(self.bits.bits(width)?, width);
        *delta_ms = delta_ms.wrapping_add(change);
        self.value()
    }

    /// A value of its own.
    fn value(&mut self) -> Result<u64, Malformed> {
        match self.bits.ones(3)? {
            0 => return Ok(self.baseline),
            1 => {}
            2 => self.window = Window::read(&mut self.bits)?,
            _ => return Ok(STALE_BITS),
        }
        self.changed()
    }

    fn changed(&mut self) -> Result<u64, Malformed> {
        self.baseline ^= self.window.change(&mut self.bits)?;
        Ok(self.baseline)
    }

    fn noted(&mut self, value: u64) -> u64 {
        if value != STALE_BITS {
            self.baseline = value;
        }
        value
    }
}
