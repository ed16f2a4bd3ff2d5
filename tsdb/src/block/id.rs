//! The names of blocks: ULIDs, which sort by the time at which they were made.

use std::fmt;
use std::str::FromStr;

use model::Rng;

/// The name of a block: 48 bits of milliseconds, then 80 random bits, written in 26 letters of Crockford's base 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(u128);

/// Letters of a written id.
const N_LETTERS: usize = 26;
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const N_RANDOM_BITS: u32 = 80;

/// What is not the name of a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a block id")]
pub struct NotABlockId(String);

impl BlockId {
    /// A new id, for a block made at `now_ms`.
    pub fn new(now_ms: i64, rng: &mut dyn Rng) -> BlockId {
        let random = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
        BlockId::with_random(now_ms, random)
    }

    /// The id of a time and the upper bits of a number.
    pub(crate) fn with_random(time_ms: i64, random: u128) -> BlockId {
        let time = time_ms.max(0) as u128;
        BlockId(time << N_RANDOM_BITS | random >> (u128::BITS - N_RANDOM_BITS))
    }

    /// When it was made, in milliseconds since the Unix epoch.
    pub fn time_ms(self) -> i64 {
        (self.0 >> N_RANDOM_BITS) as i64
    }

    /// The id as it stands in files.
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The id that stands in a file.
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> BlockId {
        BlockId(u128::from_be_bytes(bytes))
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..N_LETTERS).rev().try_for_each(|letter| {
            let digit = (self.0 >> (5 * letter)) as usize % LETTERS.len();
            write!(f, "{}", char::from(LETTERS[digit]))
        })
    }
}

impl FromStr for BlockId {
    type Err = NotABlockId;

    fn from_str(text: &str) -> Result<BlockId, NotABlockId> {
        let not_an_id = || NotABlockId(text.to_owned());
        if text.len() != N_LETTERS {
            return Err(not_an_id());
        }
        let mut id = 0u128;
        for letter in text.bytes() {
            let digit = LETTERS.iter().position(|&candidate| candidate == letter).ok_or_else(not_an_id)?;
            id = id.checked_mul(32).ok_or_else(not_an_id)? | digit as u128;
        }
        Ok(BlockId(id))
    }
}

#[cfg(test)]
mod tests {
    use model::rng::SeededRng;

    use super::*;

    #[test]
    fn an_id_is_written_and_read_and_sorts_by_time() {
        let mut rng = SeededRng::new(1);
        let ids: Vec<_> = [0, 1, 1_700_000_000_000, 1_700_000_000_001].map(|ms| BlockId::new(ms, &mut rng)).into();
        assert!(ids.is_sorted());
        let texts: Vec<_> = ids.iter().map(ToString::to_string).collect();
        assert!(texts.is_sorted());
        for (id, text) in ids.iter().zip(&texts) {
            assert_eq!((text.len(), text.parse()), (26, Ok(*id)));
            assert_eq!(BlockId::from_bytes(id.to_bytes()), *id);
        }
        // The specification's example of a time.
        assert!(BlockId::new(1_469_918_176_385, &mut rng).to_string().starts_with("01ARYZ6S41"));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", "01ARYZ6S41", "01ARYZ6S41TSV4RRFFQ69G5FAU", "81ARYZ6S41TSV4RRFFQ69G5FAV", "01aryz6s41tsv4rrffq69g5fav"]
        {
            assert_eq!(text.parse::<BlockId>(), Err(NotABlockId(text.into())));
        }
    }
}
