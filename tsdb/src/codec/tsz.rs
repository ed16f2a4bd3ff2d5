//! The `tsz-compress` crate: small integers in tagged words.
//!
//! The crate takes the differences of integers and packs them into words of 10 × 3, 5 × 6, 4 × 8, 3 × 10, 2 × 16, 1 × 32
//! or 1 × 64 bits, with a tag of four bits before each. Timestamps are given to it as distances, so that its differences
//! are of the second order: zero while the distance stays.
//!
//! Its parts are used without its derive macros, whose code would be full of `unsafe`. The head that they write (29 bytes
//! of row count, first number and first difference) is not stored, but put before the words when they are decoded.
//! Tags that it does not know make the crate panic; therefore the words are walked before it gets them, and it is given
//! none whose sums could overflow.

use tsz_compress::prelude::consts::headers;
use tsz_compress::prelude::halfvec::HalfVec;
use tsz_compress::prelude::{CompressionQueue, EmitDeltaBits, HalfIter, decode_i64};

/// Differences up to this (34 years of milliseconds) keep all that is computed of them far from overflow.
const MAX_CHANGE: u64 = 1 << 40;
/// How many differences the crate looks at to choose a word.
const QUEUE: usize = 10;
/// Nibbles of a word and of a double word, without the tag.
const WORD_NIBBLES: usize = 8;

/// What the crate expects before the words, in nibbles: a tag, the first number (64 bits, here 0), a tag, and the first
/// difference (128 bits, here 0).
const HEAD: [u8; 25] = {
    let mut head = [0; 25];
    head[0] = headers::FIRST_ROW << 4;
    head[8] = headers::SECOND_ROW;
    head
};
/// How many numbers the crate gives for that.
const N_HEAD: usize = 2;

/// Appends the words of how each number differs from the one before. Nothing, and false, where the crate can't.
pub(super) fn push_changes(numbers: &[i64], out: &mut Vec<u8>) -> bool {
    let is_far = |pair: &[i64]| pair[1].checked_sub(pair[0]).is_none_or(|change| change.unsigned_abs() > MAX_CHANGE);
    if numbers.windows(2).any(is_far) {
        return false;
    }
    let mut queue = CompressionQueue::<QUEUE>::new();
    let mut words = HalfVec::new(numbers.len() / 4);
    for pair in numbers.windows(2) {
        queue.push(pair[1] - pair[0]);
        if queue.is_full() {
            queue.emit_delta_bits(&mut words);
        }
    }
    while !queue.is_empty() {
        queue.flush_delta_bits(&mut words);
    }
    // The crate writes past the end of a vector that has some room, but not enough (its `finish` reserves what is missing
    // as if the vector were full): it gets one with all the room it asks for.
    let mut bytes = Vec::with_capacity(words.len() / 2 + 1);
    HalfVec::finish(&mut bytes, std::iter::once(&words));
    out.append(&mut bytes);
    true
}

/// For each of `n` numbers by how much it differs from the first. Nothing, if these are not the words of `n` numbers.
pub(super) fn take_changes(words: &[u8], n: usize) -> Option<Vec<i64>> {
    if n_numbers(words)? + 1 != n {
        return None;
    }
    let bytes = [&HEAD[..], words].concat();
    let mut changes = Vec::with_capacity(n + 1);
    decode_i64(&mut HalfIter::new(&bytes), &mut changes).ok()?;
    changes.drain(..N_HEAD - 1);
    (changes.len() == n).then_some(changes)
}

/// How many numbers words hold; nothing, if there is a tag that the crate does not know, or an end within a word.
fn n_numbers(words: &[u8]) -> Option<usize> {
    let nibble = |at: usize| words.get(at / 2).map(|byte| if at.is_multiple_of(2) { byte >> 4 } else { byte & 0xf });
    let (mut at, mut n) = (0, 0);
    while let Some(tag) = nibble(at) {
        let (n_here, n_words) = match tag {
            // What fills up the last byte.
            headers::START_OF_COLUMN => break,
            headers::THREE_BITS_TEN_SAMPLES => (10, 1),
            headers::SIX_BITS_FIVE_SAMPLES => (5, 1),
            headers::EIGHT_BITS_FOUR_SAMPLES => (4, 1),
            headers::TEN_BITS_THREE_SAMPLES => (3, 1),
            headers::SIXTEEN_BITS_TWO_SAMPLES => (2, 1),
            headers::THIRTY_TWO_BITS_ONE_SAMPLE => (1, 1),
            headers::SIXTY_FOUR_BITS_ONE_SAMPLE => (1, 2),
            _ => return None,
        };
        n += n_here;
        at += 1 + n_words * WORD_NIBBLES;
    }
    (at <= words.len() * 2).then_some(n)
}
