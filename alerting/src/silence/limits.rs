//! How many silences there may be, and how large.

/// The limits of silences; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The limit `silences`: how many are kept, those that have ended included.
    pub silences: usize,
    /// The limit `silence_size`: bytes of one.
    pub silence_size: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { silences: 100_000, silence_size: 64 << 10 }
    }
}
