//! Keys that stand for the labels of a series as they come in a request, so that one that was seen before is known
//! without reading its labels.
//!
//! A key is an XXH3 hash of 128 bits under a secret that is drawn at random: who does not know it cannot choose two
//! sets of labels with the same key, and by chance two of a thousand million series meet with a probability of 10^-21.

use std::fmt;

use model::Rng;
use xxhash_rust::xxh3::xxh3_128_with_secret;

/// Bytes of a secret.
const SECRET_BYTES: usize = 192;

/// The key of a series' labels.
pub type LabelsKey = u128;

/// Makes keys.
#[derive(Clone)]
pub struct LabelsKeys {
    secret: [u8; SECRET_BYTES],
}

impl LabelsKeys {
    /// Keys under a new secret.
    pub fn new(rng: &mut dyn Rng) -> LabelsKeys {
        let mut secret = [0; SECRET_BYTES];
        for word in secret.as_chunks_mut::<8>().0 {
            *word = rng.next_u64().to_le_bytes();
        }
        LabelsKeys { secret }
    }

    /// The key of bytes.
    #[inline]
    pub fn of(&self, bytes: &[u8]) -> LabelsKey {
        xxh3_128_with_secret(bytes, &self.secret)
    }
}

/// Without the secret.
impl fmt::Debug for LabelsKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LabelsKeys")
    }
}

#[cfg(test)]
mod tests {
    use model::rng::SeededRng;

    use super::*;

    #[test]
    fn keys_depend_on_bytes_and_secret() {
        let (one, other) = (LabelsKeys::new(&mut SeededRng::new(1)), LabelsKeys::new(&mut SeededRng::new(2)));
        for n_bytes in [0, 1, 16, 17, 128, 129, 240, 241, 2000] {
            let bytes = vec![7; n_bytes];
            assert_eq!(one.of(&bytes), one.clone().of(&bytes));
            assert_ne!(one.of(&bytes), other.of(&bytes), "{n_bytes}");
            assert_ne!(one.of(&bytes), one.of(&vec![7; n_bytes + 1]), "{n_bytes}");
        }
        assert_eq!(format!("{one:?}"), "LabelsKeys");
    }
}
