//! Bits, written from the highest of each byte on, and the numbers that Prometheus makes of them.

/// Bytes that end anywhere.
#[derive(Debug, Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    /// Bits of the last byte that are not written yet.
    n_free: u32,
}

impl Bits {
    /// What comes behind these bytes.
    pub(super) fn after(bytes: Vec<u8>) -> Bits {
        Bits { bytes, n_free: 0 }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Appends the lowest bits of a number, at most 64.
    pub(super) fn push(&mut self, number: u64, mut n_bits: u32) {
        while n_bits > 0 {
            if self.n_free == 0 {
                self.bytes.push(0);
                self.n_free = 8;
            }
            let n_taken = n_bits.min(self.n_free);
            n_bits -= n_taken;
            self.n_free -= n_taken;
            let taken = (number >> n_bits) as u8 & (0xff >> (8 - n_taken));
            if let Some(last) = self.bytes.last_mut() {
                *last |= taken << self.n_free;
            }
        }
    }

    pub(super) fn push_f64(&mut self, value: f64) {
        self.push(value.to_bits(), 64);
    }

    /// A number in groups of seven bits, the lowest first.
    pub(super) fn push_varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.push(number & 0x7f | 0x80, 8);
            number >>= 7;
        }
        self.push(number, 8);
    }

    /// A signed number: so many ones as classes of width are too narrow, a zero, and the number as wide as its class.
    pub(super) fn push_signed(&mut self, number: i64) {
        let class = CLASSES.iter().position(|&width| fits(number, width));
        self.push_class(number as u64, class);
    }

    /// The same for a number without a sign.
    pub(super) fn push_unsigned(&mut self, number: u64) {
        let class = CLASSES.iter().position(|&width| number >> width == 0);
        self.push_class(number, class);
    }

    fn push_class(&mut self, number: u64, class: Option<usize>) {
        match class {
            Some(class) => {
                // So many ones, and a zero.
                self.push((1 << (class + 1)) - 2, class as u32 + 1);
                self.push(number, CLASSES[class]);
            }
            None => {
                self.push(0xff, 8);
                self.push(number, 64);
            }
        }
    }
}

/// Widths of numbers; wider ones take 64 bits, after eight ones.
const CLASSES: [u32; 8] = [0, 3, 6, 9, 12, 18, 25, 56];

/// Whether a signed number can be written with so many bits: there is one more above zero than below, other than in a
/// two's complement.
pub(super) fn fits(number: i64, n_bits: u32) -> bool {
    if n_bits == 0 {
        return number == 0;
    }
    let half = 1i64 << (n_bits - 1);
    (1 - half..=half).contains(&number)
}

/// A float that comes again and again, and of which the bits are written that have changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Xor {
    bits: u64,
    /// The bits left out before and behind the last change; `None` before the first.
    left_out: Option<(u32, u32)>,
}

impl Xor {
    /// Which has been written whole.
    pub(super) fn new(first: f64) -> Xor {
        Xor { bits: first.to_bits(), left_out: None }
    }

    pub(super) fn push(&mut self, out: &mut Bits, value: f64) {
        let change = value.to_bits() ^ std::mem::replace(&mut self.bits, value.to_bits());
        if change == 0 {
            out.push(0, 1);
            return;
        }
        // There are five bits for the number of those before.
        let (before, behind) = (change.leading_zeros().min(31), change.trailing_zeros());
        if let Some((least_before, least_behind)) = self.left_out
            && before >= least_before
            && behind >= least_behind
        {
            out.push(0b10, 2);
            out.push(change >> least_behind, 64 - least_before - least_behind);
            return;
        }
        self.left_out = Some((before, behind));
        let n_changed = 64 - before - behind;
        out.push(0b11, 2);
        out.push(u64::from(before), 5);
        // 64 is written as 0, in six bits.
        out.push(u64::from(n_changed), 6);
        out.push(change >> behind, n_changed);
    }
}
