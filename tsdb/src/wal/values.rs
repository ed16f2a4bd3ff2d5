//! A column of values in the log: each against the value it is expected to have, in whole bytes, for speed.
//!
//! | byte | |
//! |---|---|
//! | `0nnnnnnn` | n + 1 values are as expected |
//! | `10lllnnn` | the exclusive or with the expected value begins with l zero bytes; n + 1 bytes of it follow, the rest is zero |
//! | `11nnnnnn` | n + 1 values are the stale marker |

use model::sample::STALE_BITS;

use super::varint::{DecodeError, Input};

const CHANGED: u8 = 0x80;
const STALE: u8 = 0xc0;

/// Appends `values`, each against what `expected` gives for it.
pub(crate) fn push(out: &mut Vec<u8>, values: impl Iterator<Item = u64>, mut expected: impl FnMut(u64) -> u64) {
    let mut run = Run::default();
    for value in values {
        let expected = expected(value);
        if value == expected {
            run.extend(out, Kind::AsExpected);
        } else if value == STALE_BITS {
            run.extend(out, Kind::Stale);
        } else {
            run.end(out);
            push_changed(out, value ^ expected);
        }
    }
    run.end(out);
}

fn push_changed(out: &mut Vec<u8>, xor: u64) {
    let leading = xor.leading_zeros() / 8;
    let n_bytes = 8 - leading - xor.trailing_zeros() / 8;
    out.push(CHANGED | (leading as u8) << 3 | (n_bytes - 1) as u8);
    let from = leading as usize;
    out.extend_from_slice(&xor.to_be_bytes()[from..from + n_bytes as usize]);
}

/// Takes `n_values` values; `expected` is asked for each in turn and told what it turned out to be.
pub(crate) fn take(
    input: &mut Input<'_>,
    n_values: usize,
    mut expected: impl FnMut(usize) -> u64,
    mut found: impl FnMut(usize, u64),
) -> Result<(), DecodeError> {
    let mut at = 0;
    while at < n_values {
        let byte = input.byte("a value")?;
        if byte & STALE == CHANGED {
            let leading = usize::from(byte >> 3 & 7);
            let n_bytes = usize::from(byte & 7) + 1;
            let mut xor = [0; 8];
            let place = xor.get_mut(leading..leading + n_bytes).ok_or_else(|| input.error("a value of eight bytes"))?;
            place.copy_from_slice(input.bytes(n_bytes, "the bytes of a value")?);
            found(at, expected(at) ^ u64::from_be_bytes(xor));
            at += 1;
            continue;
        }
        let is_stale = byte & STALE == STALE;
        let n_run = usize::from(if is_stale { byte & !STALE } else { byte }) + 1;
        if n_run > n_values - at {
            return Err(input.error("a run that ends with the column"));
        }
        for at in at..at + n_run {
            found(at, if is_stale { STALE_BITS } else { expected(at) });
        }
        at += n_run;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    AsExpected,
    Stale,
}

impl Kind {
    /// The longest run, and the bits that mark it.
    fn limits(self) -> (u8, u8) {
        match self {
            Kind::AsExpected => (128, 0),
            Kind::Stale => (64, STALE),
        }
    }
}

/// Values of one kind that have not been written yet.
#[derive(Debug, Default)]
struct Run {
    kind: Kind,
    n_values: u8,
}

impl Run {
    fn extend(&mut self, out: &mut Vec<u8>, kind: Kind) {
        let (longest, _) = kind.limits();
        if self.kind != kind || self.n_values == longest {
            self.end(out);
            self.kind = kind;
        }
        self.n_values += 1;
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.n_values > 0 {
            let (_, mark) = self.kind.limits();
            out.push(mark | (self.n_values - 1));
            self.n_values = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(values: &[u64], expected: &[u64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut next = expected.iter().copied();
        push(&mut bytes, values.iter().copied(), |_| next.next().unwrap());
        let mut input = Input::new(&bytes);
        let mut got = vec![0; values.len()];
        take(&mut input, values.len(), |at| expected[at], |at, value| got[at] = value).unwrap();
        assert_eq!(got, values);
        assert!(input.is_empty());
        bytes
    }

    #[test]
    fn runs_are_short() {
        assert_eq!(check(&[7; 300], &[7; 300]), [127, 127, 43]);
        assert_eq!(check(&[STALE_BITS; 65], &[7; 65]), [0xff, 0xc0]);
        assert_eq!(check(&[7, STALE_BITS, 0x1700, 7], &[7; 4]), [0, 0xc0, 0x80 | 6 << 3 | 1, 0x17, 7, 0]);
    }

    fn any_value() -> impl Strategy<Value = u64> {
        prop_oneof![Just(STALE_BITS), Just(0), any::<u16>().prop_map(|n| f64::from(n).to_bits()), any::<u64>()]
    }

    proptest! {
        #[test]
        fn values_come_back(pairs in prop::collection::vec((any_value(), any_value(), any::<bool>()), 0..400)) {
            let values: Vec<_> = pairs.iter().map(|&(value, other, same)| if same { other } else { value }).collect();
            let expected: Vec<_> = pairs.iter().map(|&(_, other, _)| other).collect();
            check(&values, &expected);
        }

        #[test]
        fn any_bytes_are_values_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..100), n_values in 0usize..300) {
            let _ = take(&mut Input::new(&bytes), n_values, |_| 7, |_, _| {});
        }
    }
}
