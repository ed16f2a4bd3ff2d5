//! Randomness, behind a trait, so that a failing simulation can be run again from its seed.

use std::fmt;

/// A source of random numbers. Not for secrets.
pub trait Rng: fmt::Debug + Send {
    /// The next 64 random bits.
    fn next_u64(&mut self) -> u64;

    /// A number in `0..bound`, or 0 for a bound of 0.
    fn below(&mut self, bound: u64) -> u64 {
        // The high half of a 128-bit product: unbiased enough (2^-64 · bound) for jitter and sampling.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `[0, 1)`.
    fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// SplitMix64: small, fast, and the same sequence for the same seed everywhere.
///
/// G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
#[derive(Clone, Debug)]
pub struct SeededRng(u64);

impl SeededRng {
    /// The generator that begins at `seed`.
    pub fn new(seed: u64) -> SeededRng {
        SeededRng(seed)
    }

    /// A generator that begins where the operating system's entropy says.
    ///
    /// # Errors
    /// When the operating system has no entropy to give.
    pub fn from_entropy() -> Result<SeededRng, getrandom::Error> {
        Ok(SeededRng(getrandom::u64()?))
    }
}

impl Rng for SeededRng {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_published_sequence() {
        let mut rng = SeededRng::new(1_234_567);
        let want = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(want.map(|_| rng.next_u64()), want);
    }

    #[test]
    fn below_stays_below() {
        let mut rng = SeededRng::new(7);
        assert_eq!(rng.below(0), 0);
        assert!((0..1000).all(|_| rng.below(10) < 10 && rng.unit() < 1.0));
    }
}
